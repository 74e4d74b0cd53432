import type { SeededRandom } from './seeded-random.ts';

/** After how long a transport gives a request up, in milliseconds. */
export const deadlineMs = 15_000;

/** How an endpoint behaves until it heals; `late` answers well, but after its request has lost its slot. */
export const behaviours = ['quick', 'steady', 'late', 'hangs', 'fails', 'busy', 'erratic'] as const;
type Behaviour = (typeof behaviours)[number];

/** What came of a request. */
export interface Answer {
  readonly ok: boolean;
  readonly durationMs: number;
  /** For how long the endpoint wants to be left alone, in milliseconds; 0 when it does not say. */
  readonly busyMs: number;
}

/** An endpoint that behaves in one way, and is quick once it has healed. */
export class SimulatedEndpoint {
  readonly behaviour: Behaviour;
  readonly healsAt: number;
  readonly #random: SeededRandom;

  constructor(behaviour: Behaviour, healsAt: number, random: SeededRandom) {
    this.behaviour = behaviour;
    this.healsAt = healsAt;
    this.#random = random;
  }

  /** Whether it answers at once, now and from now on. */
  isHealthy(now: number): boolean {
    return this.behaviour === 'quick' || now >= this.healsAt;
  }

  answer(now: number): Answer {
    return this.#answer(this.isHealthy(now) ? 'quick' : this.behaviour);
  }

  #answer(behaviour: Behaviour): Answer {
    const random = this.#random;
    switch (behaviour) {
      case 'quick':
        return { ok: true, durationMs: random.from(1, 40), busyMs: 0 };
      case 'steady':
        return { ok: true, durationMs: random.from(90, 700), busyMs: 0 };
      case 'late':
        return { ok: true, durationMs: random.from(900, 4_000), busyMs: 0 };
      case 'hangs':
        return { ok: false, durationMs: deadlineMs, busyMs: 0 };
      case 'fails':
        return { ok: false, durationMs: random.from(1, 30), busyMs: 0 };
      case 'busy':
        return { ok: false, durationMs: random.from(1, 30), busyMs: random.from(100, 8_000) };
      case 'erratic':
        return this.#answer(random.pick(behaviours.slice(0, 6)));
    }
  }
}
