import { notApplicable, storageConformance } from '@hookwell/core/testing';
import test from 'ava';
import { memoryStorage } from '../src/memory/index.ts';
import { ownClockHarness, racing, sharedMemoryHarness } from './storage-saboteur.ts';
import { claimSaboteurs } from './storage-saboteurs-claim.ts';
import { coalesceRacers, coalesceSaboteurs } from './storage-saboteurs-coalesce.ts';
import { countSaboteurs } from './storage-saboteurs-count.ts';
import { cutSaboteurs } from './storage-saboteurs-cut.ts';
import { eraseSaboteurs } from './storage-saboteurs-erase.ts';
import { expireSaboteurs } from './storage-saboteurs-expire.ts';
import { fenceRacers, fenceSaboteurs } from './storage-saboteurs-fence.ts';
import { sqliteHarness } from './storage-harnesses.ts';
import { joinSaboteurs, sabotaged } from './storage-saboteurs-join.ts';
import { keySaboteurs } from './storage-saboteurs-keys.ts';
import { lifeSaboteurs } from './storage-saboteurs-life.ts';
import { manageSaboteurs } from './storage-saboteurs-manage.ts';
import { orderRacers, orderSaboteurs } from './storage-saboteurs-order.ts';
import { querySaboteurs } from './storage-saboteurs-query.ts';
import { racers } from './storage-saboteurs-race.ts';
import { recordSaboteurs } from './storage-saboteurs-record.ts';
import { eventSaboteurs } from './storage-saboteurs-events.ts';
import { replaySaboteurs } from './storage-saboteurs-replay.ts';
import { storeSaboteurs } from './storage-saboteurs-store.ts';
import { updateRacers, updateSaboteurs } from './storage-saboteurs-update.ts';

const saboteurs = [
  ...lifeSaboteurs,
  ...querySaboteurs,
  ...storeSaboteurs,
  ...coalesceSaboteurs,
  ...updateSaboteurs,
  ...claimSaboteurs,
  ...recordSaboteurs,
  ...manageSaboteurs,
  ...countSaboteurs,
  ...cutSaboteurs,
  ...eraseSaboteurs,
  ...expireSaboteurs,
  ...fenceSaboteurs,
  ...keySaboteurs,
  ...eventSaboteurs,
  ...replaySaboteurs,
  ...orderSaboteurs,
  ...racing([...racers, ...fenceRacers, ...updateRacers, ...coalesceRacers, ...orderRacers]),
];

for (const { does, sabotage, caughtBy, sentence } of saboteurs) {
  test(`the suite catches a storage that ${does}`, async (t) => {
    const caught = storageConformance.find(({ name }) => name === caughtBy);
    if (!caught) {
      t.fail(`no case is called "${caughtBy}"`);
      return;
    }
    const error = await t.throwsAsync(caught.run(sharedMemoryHarness(sabotage)));
    t.regex(error?.message ?? '', sentence);
  });
}

for (const { does, sabotage, caughtBy, sentence } of joinSaboteurs) {
  test(`the suite catches a storage that ${does}`, async (t) => {
    const caught = storageConformance.find(({ name }) => name === caughtBy);
    if (!caught) {
      t.fail(`no case is called "${caughtBy}"`);
      return;
    }
    const error = await t.throwsAsync(caught.run(sabotaged(sqliteHarness(t), sabotage)));
    t.regex(error?.message ?? '', sentence);
  });
}

/** The cases that a storage in memory can be put to. */
const inSharedMemory = storageConformance.filter(({ needs }) => notApplicable(needs, sharedMemoryHarness()) === null);

for (const { name, run } of inSharedMemory) {
  test(`a sound storage that several can open keeps the promise: ${name}`, async (t) => {
    await t.notThrowsAsync(run(sharedMemoryHarness()));
  });
  test(`a sound storage with a clock of its own keeps the promise: ${name}`, async (t) => {
    await t.notThrowsAsync(run(ownClockHarness()));
  });
}

test('every case has a saboteur that it catches', (t) => {
  const catching = new Set([...saboteurs, ...joinSaboteurs].map(({ caughtBy }) => caughtBy));
  const idle = storageConformance.map(({ name }) => name).filter((name) => !catching.has(name));
  t.deepEqual(idle, []);
});

test('every name begins with a member of the port and is told apart from all others', (t) => {
  const members = Object.keys(memoryStorage());
  const names = storageConformance.map(({ name }) => name);
  for (const name of names) t.true(members.includes(name.split(/[ ,]/)[0] ?? ''), name);
  t.is(new Set(names).size, names.length);
  t.deepEqual(
    members.filter((member) => !names.some((name) => name.split(/[ ,]/)[0] === member)),
    [],
  );
});

test('no two cases use the same place', async (t) => {
  const places = new Map<string, string>();
  for (const { name, run } of inSharedMemory) {
    const harness = sharedMemoryHarness();
    await run({
      ...harness,
      createStorage(place) {
        t.regex(place, /^[a-z0-9_]+$/);
        t.is(places.get(place) ?? name, name);
        places.set(place, name);
        return harness.createStorage(place);
      },
    });
  }
  t.true(places.size >= inSharedMemory.length);
});

test('a case that a harness declares impossible is refused with its reason, and never passes in silence', async (t) => {
  const unsupported = { 'opens twice': 'it cannot be opened twice' };
  const harness = { ...sharedMemoryHarness(), unsupported };
  const race = storageConformance.find(({ needs }) => needs.includes('opens twice'));
  t.is(notApplicable(race?.needs ?? [], harness), 'it cannot be opened twice');
  await t.throwsAsync(async () => race?.run(harness), { message: /must be shown as skipped: it cannot be opened twice/ });
});

test('a harness that neither locks nor says why not is told so', async (t) => {
  const { lock: _, ...harness } = sharedMemoryHarness();
  const locking = storageConformance.find(({ needs }) => needs.includes('locks'));
  await t.throwsAsync(async () => locking?.run(harness), { message: /give it one, or say why "locks" is unsupported/ });
});
