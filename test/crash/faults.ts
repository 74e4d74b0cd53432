import { setTimeout as pause } from 'node:timers/promises';
import type { Arena, Slot, StorageName } from './arena.ts';
import { monotonicMs } from './evidence.ts';
import { migrationFault } from './migration-fault.ts';
import { serverFaults } from './server-faults.ts';
import type { PointName } from './points.ts';

/** What a fault works with. */
export interface FaultContext {
  readonly arena: Arena;
  /** The victim that it befalls; of those that befall the server, nobody in particular. */
  readonly slot: Slot;
  readonly random: () => number;
}

/** One kind of fault: injects it, and resolves when what it broke works again. */
export interface FaultKind {
  readonly name: string;
  readonly storages: readonly StorageName[];
  /** What it takes for itself: one victim, or the server that all of them share. */
  readonly takes: 'victim' | 'server';
  /** Answers what it turned out to be, if not what it was meant to: a point that was not passed in time, for instance. */
  readonly run: (context: FaultContext) => Promise<string | void>;
}

const both = ['postgres', 'sqlite'] as const;
/** How long a point may take to be passed; after that the victim is killed wherever it is. */
const patienceMs = 8_000;

/** Kills the victim where it happens to be. */
const kill: FaultKind = {
  name: 'kill',
  storages: both,
  takes: 'victim',
  async run({ arena, slot, random }) {
    await pause(random() * 300);
    await killNow(arena, slot, 'kill');
    await arena.replace(slot);
  },
};

async function killNow(arena: Arena, slot: Slot, kind: string): Promise<void> {
  const { victim } = slot;
  victim.doomed = true;
  const from = monotonicMs();
  victim.signal('SIGKILL');
  // It may have died at a point just before.
  const { at } = await victim.ended;
  arena.fault(kind, victim.holder, Math.min(from, at), Number.POSITIVE_INFINITY);
}

/** How a victim has ended; null when it has not within that time. */
async function endsWithin({ ended }: Slot['victim'], ms: number) {
  const calledOff = new AbortController();
  const ending = await Promise.race([ended, pause(ms, null, { signal: calledOff.signal, ref: false })]);
  calledOff.abort();
  return ending;
}

/** Has the victim killed at a point. */
function killAt(point: PointName, mostPasses: number): FaultKind {
  const name = `kill-${point}`;
  return {
    name,
    storages: both,
    takes: 'victim',
    async run({ arena, slot, random }) {
      const { victim } = slot;
      victim.doomed = true;
      victim.order({ order: 'arm', point, passes: Math.floor(random() * mostPasses) });
      const ending = await endsWithin(victim, patienceMs);
      if (ending === null) await killNow(arena, slot, name);
      else arena.fault(name, victim.holder, ending.at, Number.POSITIVE_INFINITY);
      await arena.replace(slot);
      return ending?.point === point ? undefined : 'killed elsewhere';
    },
  };
}

/** Stops the victim until its leases have run out, or not quite, and lets it go on. */
const freeze: FaultKind = {
  name: 'pause',
  storages: both,
  takes: 'victim',
  async run({ arena, slot, random }) {
    await pause(random() * 200);
    const { victim } = slot;
    const from = monotonicMs();
    victim.signal('SIGSTOP');
    await pause(5);
    // Who is stopped in the middle of a write keeps the file locked for all others.
    const locked = arena.main.witness.isLocked() && (await stillLocked(arena));
    await pause(arena.pace.leaseMs * (0.7 + random() * 0.6));
    victim.signal('SIGCONT');
    arena.fault('pause', locked ? null : victim.holder, from, monotonicMs());
  },
};

async function stillLocked(arena: Arena): Promise<boolean> {
  for (let looks = 0; looks < 20; looks += 1) {
    await pause(10);
    if (!arena.main.witness.isLocked()) return false;
  }
  return true;
}

/** Asks the victim to stop, in the middle of its work. It must; and no duplicate is ever explained by it. */
const term: FaultKind = {
  name: 'term',
  storages: both,
  takes: 'victim',
  async run({ arena, slot, random }) {
    await pause(random() * 200);
    const { victim } = slot;
    victim.doomed = true;
    victim.signal('SIGTERM');
    const ending = await endsWithin(victim, 30_000);
    if (ending === null) {
      arena.troubles.push(`${victim.holder} had not stopped 30 s after SIGTERM: ${victim.stderr}`);
      await killNow(arena, slot, 'kill');
    } else if (ending.code !== 0) {
      arena.troubles.push(`${victim.holder} ended with ${ending.signal ?? ending.code} after SIGTERM: ${victim.stderr}`);
    }
    await arena.replace(slot);
  },
};

/** Every kind of fault, those of the victims first. */
export const faultKinds: readonly FaultKind[] = [
  kill,
  killAt('after-store', 3),
  killAt('after-claim', 2),
  killAt('after-send', 1),
  killAt('after-answer', 5),
  killAt('during-record', 5),
  killAt('after-record', 5),
  killAt('during-retention', 6),
  migrationFault,
  freeze,
  term,
  ...serverFaults,
];
