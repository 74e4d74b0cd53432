import { setTimeout as pause } from 'node:timers/promises';
import type { Arena, Place } from './arena.ts';
import { monotonicMs } from './evidence.ts';
import type { FaultKind } from './faults.ts';
import type { Victim } from './victim.ts';

/** Statements that it takes to bring an empty database up to date, and a few more. */
const statements = 30;
const emitForMs = 300;
const patienceMs = 60_000;

/**
 * Has two processes that meet in an empty database bring its tables up to date, one of which dies on the way; the other
 * one must find its way, and all that it emits must arrive.
 */
export const migrationFault: FaultKind = {
  name: 'kill-during-migration',
  storages: ['postgres', 'sqlite'],
  takes: 'server',
  async run({ arena, random }) {
    const place = await arena.found();
    const passes = Math.floor(random() * statements);
    const victim = arena.nursery.start(place.name, place.where, { idle: true, diesAt: { point: 'during-migration', passes } });
    const fellow = arena.nursery.start(place.name, place.where, { idle: true });
    victim.doomed = true;
    const survived = await victim.hear('ready', patienceMs);
    if (survived) victim.signal('SIGKILL');
    const { at } = await victim.ended;
    arena.fault('kill-during-migration', victim.holder, at, Number.POSITIVE_INFINITY);
    if (await fellow.hear('ready', patienceMs)) await work(arena, place, fellow);
    else
      arena.troubles.push(
        `${fellow.holder} did not start beside ${victim.holder}, which died in its migration: ${fellow.stderr}`,
      );
    fellow.doomed = true;
    fellow.signal('SIGTERM');
    await fellow.ended;
    return survived ? 'killed later' : undefined;
  },
};

/** Emits for a moment, and waits until all of it is done. */
async function work(arena: Arena, { name, where, witness }: Place, fellow: Victim): Promise<void> {
  await arena.subscribe({ name, where });
  fellow.order({ order: 'go' });
  await pause(emitForMs);
  await fellow.hold();
  const until = monotonicMs() + patienceMs;
  while ((await witness.unfinished()).length > 0) {
    if (monotonicMs() > until) return;
    await pause(50);
  }
}
