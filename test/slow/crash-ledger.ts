import type { IncomingMessage } from 'node:http';

/** One request as it reached the receiver. */
export interface Arrival {
  /** The `webhook-id` header: the same on each attempt of one delivery. */
  readonly deliveryId: string;
  /** What the payload is about: the subscription's path and the record's id. */
  readonly about: string;
  readonly body: string;
  readonly receivedAt: number;
}

const patienceMs = 30_000;

/** All that a receiver got, in order. */
export class Ledger {
  readonly arrivals: Arrival[] = [];
  readonly #first = new Map<string, Arrival>();
  readonly #about = new Map<string, string>();
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  enter(request: IncomingMessage, body: string): void {
    const fields = new URLSearchParams(body);
    const arrival: Arrival = {
      deliveryId: String(request.headers['webhook-id']),
      about: `${request.url} ${fields.get('data[id]')}`,
      body,
      receivedAt: Date.now(),
    };
    this.arrivals.push(arrival);
    if (!this.#first.has(arrival.deliveryId)) this.#first.set(arrival.deliveryId, arrival);
    this.#about.set(arrival.about, arrival.deliveryId);
    for (const { holds, resolve } of this.#waiting) if (holds()) resolve();
  }

  /** How many different deliveries arrived. */
  get deliveries(): number {
    return this.#first.size;
  }

  has(about: string): boolean {
    return this.#about.has(about);
  }

  /**
   * Resolves as soon as that holds, looked at whenever something arrives.
   * @throws {Error} when nothing has arrived for half a minute
   */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ holds, resolve });
    const watch = setInterval(() => {
      const quietMs = Date.now() - (this.arrivals.at(-1)?.receivedAt ?? began);
      if (quietMs > patienceMs)
        reject(new Error(`Nothing has arrived for ${quietMs} ms; ${this.arrivals.length} requests until then.`));
    }, 1_000);
    const began = Date.now();
    try {
      await promise;
    } finally {
      clearInterval(watch);
    }
  }

  /** Every arrival of a delivery that had arrived before, with its first one. */
  duplicates(): readonly { readonly first: Arrival; readonly again: Arrival }[] {
    return this.arrivals.flatMap((again) => {
      const first = this.#first.get(again.deliveryId);
      return first === undefined || first === again ? [] : [{ first, again }];
    });
  }

  /** Subscriptions and records that more than one delivery was about. */
  phantoms(): readonly string[] {
    const ids = new Map<string, Set<string>>();
    for (const { about, deliveryId } of this.arrivals) ids.set(about, (ids.get(about) ?? new Set()).add(deliveryId));
    return [...ids].filter(([, set]) => set.size > 1).map(([about]) => about);
  }
}
