import { setTimeout as pause } from 'node:timers/promises';
import { Arena, type Pace, type Slot, type StorageName } from './arena.ts';
import { monotonicMs, type Evidence } from './evidence.ts';
import type { FaultKind } from './faults.ts';
import { judge, type Verdict, type Violation } from './oracle.ts';
import { seededRandom } from './seeded-random.ts';

/** What a run is to do. */
export interface RunPlan {
  readonly storage: StorageName;
  readonly cycles: number;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly pace: Pace;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** One fault that was injected into the load and recovered from. */
export interface Cycle {
  readonly number: number;
  readonly kind: string;
  readonly beganAt: number;
  tookMs: number;
}

/** What came of a run. */
export interface RunResult {
  readonly plan: Pick<RunPlan, 'storage' | 'seed'> & { readonly kinds: readonly string[] };
  readonly cycles: readonly Cycle[];
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly tookMs: number;
}

/** Cycles after which everything is let come to its end, and judged. */
const batchSize = 20;
/** Faults at work on victims at once: one at least must be left to work. */
const atOnce = (victims: number): number => Math.max(1, victims - 1);

/** Runs cycles until all are done or something is wrong. */
export async function run(plan: RunPlan): Promise<RunResult> {
  const { storage, seed, pace, folder, say } = plan;
  const began = monotonicMs();
  const arena = await Arena.open(storage, pace, folder, seed);
  try {
    const cycles: Cycle[] = [];
    const rotation = new Rotation(arena, plan, cycles);
    for (;;) {
      await rotation.runBatch(Math.min(batchSize, plan.cycles - cycles.length));
      await arena.drain();
      const evidence = await arena.evidence();
      const verdict = withTroubles(judge(evidence), arena.troubles, plan);
      const { acked, delivered, duplicates, violations } = verdict;
      say(
        `${storage}: ${cycles.length} cycles, ${acked} acked, ${delivered} delivered, ${duplicates.length} duplicates, ${violations.length} violations`,
      );
      if (violations.length > 0 || cycles.length >= plan.cycles) {
        const kinds = plan.kinds.map(({ name }) => name);
        return { plan: { storage, seed, kinds }, cycles, evidence, verdict, tookMs: monotonicMs() - began };
      }
      arena.go();
    }
  } finally {
    await arena.close();
  }
}

/** What the arena itself saw go wrong; and where nothing but graceful stops befell the victims, no excuse is one. */
function withTroubles(verdict: Verdict, troubles: readonly string[], { kinds }: RunPlan): Verdict {
  const strict = kinds.every(({ name }) => name === 'term');
  const excused: Violation[] = verdict.duplicates
    .filter(({ because }) => strict && because !== 'nothing')
    .map(({ delivery, because, at }) => ({ kind: 'unexplained', text: `${delivery} arrived again (${because})`, at }));
  const ended: Violation[] = troubles.map((text) => ({ kind: 'stuck', text, at: 0 }));
  return { ...verdict, violations: [...verdict.violations, ...excused, ...ended] };
}

/** Begins one fault after another, as many at once as leave somebody to work. */
class Rotation {
  readonly #arena: Arena;
  readonly #plan: RunPlan;
  readonly #cycles: Cycle[];
  readonly #random: () => number;
  /** Every kind comes once before chance decides. */
  readonly #first: FaultKind[];
  #serverBusy = false;
  #onFree: (() => void)[] = [];

  constructor(arena: Arena, plan: RunPlan, cycles: Cycle[]) {
    this.#arena = arena;
    this.#plan = plan;
    this.#cycles = cycles;
    this.#random = seededRandom(plan.seed);
    this.#first = plan.kinds
      .map((kind) => ({ kind, order: this.#random() }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ kind }) => kind);
  }

  async runBatch(count: number): Promise<void> {
    const running: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      const kind = this.#first.pop() ?? this.#pick(this.#plan.kinds);
      const seed = Math.floor(this.#random() * 2 ** 31);
      const slot = await this.#take(kind);
      running.push(this.#cycle(kind, slot, seededRandom(seed)));
      await pause(50 + this.#random() * 250);
    }
    await Promise.all(running);
  }

  async #cycle(kind: FaultKind, slot: Slot, random: () => number): Promise<void> {
    const cycle = { number: this.#cycles.length + 1, kind: kind.name, beganAt: monotonicMs(), tookMs: 0 };
    this.#cycles.push(cycle);
    const { holder } = slot.victim;
    try {
      const turnedOut = await kind.run({ arena: this.#arena, slot, random });
      cycle.tookMs = monotonicMs() - cycle.beganAt;
      const whom = kind.takes === 'server' ? '' : ` ${holder}`;
      const note = turnedOut === undefined ? '' : ` (${turnedOut})`;
      this.#plan.say(`${this.#plan.storage} #${cycle.number} ${kind.name}${whom}${note} ${(cycle.tookMs / 1_000).toFixed(1)} s`);
    } finally {
      if (kind.takes === 'server') this.#serverBusy = false;
      else slot.busy = false;
      for (const resolve of this.#onFree) resolve();
      this.#onFree = [];
    }
  }

  /** Waits until the fault may begin, and takes what it befalls. */
  async #take(kind: FaultKind): Promise<Slot> {
    const { slots } = this.#arena;
    for (;;) {
      if (kind.takes === 'server' && !this.#serverBusy) {
        this.#serverBusy = true;
        return slots[0] as Slot;
      }
      const free = slots.filter(({ busy }) => !busy);
      const most = this.#plan.kinds.length === 1 ? 1 : atOnce(slots.length);
      if (kind.takes === 'victim' && slots.length - free.length < most) {
        const slot = this.#pick(free);
        slot.busy = true;
        return slot;
      }
      await new Promise<void>((resolve) => {
        this.#onFree.push(resolve);
      });
    }
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }
}
