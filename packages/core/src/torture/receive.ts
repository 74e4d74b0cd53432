import { hostileBehaviours } from '../testing/hostile-receiver-behaviours.ts';
import type { HostileBehaviour } from '../testing/hostile-receiver-behaviours.ts';
import { hostileReceiver, type HostileReceiver } from '../testing/hostile-receiver.ts';
import type { HostileScript } from '../testing/hostile-receiver-script.ts';

/** A behaviour, and where to find it. */
export interface ListedBehaviour {
  readonly name: string;
  readonly url: string;
  readonly does: string;
  /** What a sound sender makes of it. */
  readonly expect: readonly string[];
}

/** What a behaviour has cost the sender. */
export interface BehaviourCost {
  readonly name: string;
  /** How often it was asked for. */
  readonly exchanges: number;
  /** For how long the longest of them was there, in milliseconds. */
  readonly longestMs: number;
  /** Those that are there still. */
  readonly open: number;
  /** The most that was taken of one answer, in bytes. */
  readonly mostBytes: number;
}

/** A receiver that misbehaves, with the list of what it does. */
export interface Receiving {
  readonly behaviours: readonly ListedBehaviour[];
  /** What every behaviour that was asked for has cost so far. */
  readonly costs: () => readonly BehaviourCost[];
  readonly close: () => Promise<void>;
}

/** Numbers for behaviours that take one: statuses, milliseconds, seconds. */
const numbers: Readonly<Record<string, number>> = { 'status-N': 503, 'slow-N': 500 };

/** Starts a receiver with every behaviour. */
export async function receive({ port, now }: { readonly port: number; readonly now: () => number }): Promise<Receiving> {
  const receiver = await hostileReceiver({ port, now, keep: 100_000 });
  const behaviours = Object.entries<HostileScript>(hostileBehaviours).map(([name, { does, expect }]) => {
    const asked = name.replace(/-N$/, `-${numbers[name] ?? 3}`) as HostileBehaviour;
    return { name: asked, url: receiver.url(asked), does, expect: [expect].flat() };
  });
  return { behaviours, costs: () => costsOf(receiver, now()), close: receiver.close };
}

function costsOf(receiver: Pick<HostileReceiver, 'exchanges'>, now: number): readonly BehaviourCost[] {
  const costs = new Map<string, BehaviourCost>();
  for (const { behaviour: name, beganAt, endedAt, takenBytes } of receiver.exchanges()) {
    const before = costs.get(name) ?? { name, exchanges: 0, longestMs: 0, open: 0, mostBytes: 0 };
    costs.set(name, {
      name,
      exchanges: before.exchanges + 1,
      longestMs: Math.max(before.longestMs, (endedAt ?? now) - beganAt),
      open: before.open + (endedAt === null ? 1 : 0),
      mostBytes: Math.max(before.mostBytes, takenBytes()),
    });
  }
  return [...costs.values()];
}
