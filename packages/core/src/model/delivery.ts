/**
 * When what waits for an earlier delivery of its order is due: at no time that there is, in milliseconds since the epoch. Once
 * the earlier one ends, it is due at once.
 */
export const dueAfterEarlier = 8_640_000_000_000_000;

/** An unfinished delivery: one event for one subscription, still to be sent. Finished ones are in the attempt log. */
export interface Delivery {
  /** UUIDv7; the same on every attempt, and the `webhook-id` that receivers see. */
  readonly id: string;
  readonly accountId: string;
  /** Its lane. */
  readonly subscriptionId: number;
  readonly eventId: string;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Attempts that were held against it: its place on the retry schedule. */
  readonly failures: number;
  /** How often it was claimed and neither recorded nor handed back: high when it kills whoever sends it. */
  readonly abandonments: number;
  readonly createdAt: number;
  /** From when it may be claimed, in milliseconds since the epoch; for a leased one, when the lease ends. */
  readonly dueAt: number;
  /** The token of its present holder; null when nobody holds it. */
  readonly fence: string | null;
  /** Whether a replay has made it due: then it waits its turn with the retries, whatever its attempts. */
  readonly replayed?: true;
  /** Among which deliveries of its subscription it keeps its order; absent where it keeps none. */
  readonly orderKey?: string;
  /** Whether it was found to wait for an earlier one of its order; its `dueAt` is then when it was made. */
  readonly waitsForEarlier?: true;
  /** By which a later event of its subscription finds it, to take its place while nobody holds it; absent where none can. */
  readonly coalesceKey?: string;
}

/** A delivery that is to be stored together with its event. */
export type NewDelivery = Pick<Delivery, 'id' | 'accountId' | 'subscriptionId' | 'eventId'> & {
  /** Whether it is stored already leased, so that the caller sends it from memory. */
  readonly leased: boolean;
  /** See {@link Delivery}; never leased. */
  readonly orderKey?: string;
  readonly coalesceKey?: string;
  /** In how many milliseconds it is due, by the storage's clock; now when left out. Never leased when set. */
  readonly dueInMs?: number;
};

/** A claim: a delivery leased to this process, under a fence. */
export type Claim = Omit<Delivery, 'dueAt' | 'fence' | 'coalesceKey' | 'waitsForEarlier'> & { readonly fence: string };

/** What names a lease: the delivery and the fence under which it was claimed. */
export interface Lease {
  readonly deliveryId: string;
  readonly fence: string;
}

/** The columns of unfinished deliveries that a query may name, and what they hold. */
export const deliveryFields = {
  id: 'string',
  subscriptionId: 'number',
  eventId: 'string',
  attempts: 'number',
  failures: 'number',
  createdAt: 'number',
  dueAt: 'number',
} as const;
