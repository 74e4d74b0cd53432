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
}

/** A delivery that is to be stored together with its event. */
export type NewDelivery = Pick<Delivery, 'id' | 'accountId' | 'subscriptionId' | 'eventId'> & {
  /** Whether it is stored already leased, so that the caller sends it from memory. */
  readonly leased: boolean;
};

/** A claim: a delivery leased to this process, under a fence. */
export type Claim = Omit<Delivery, 'dueAt' | 'fence'> & { readonly fence: string };

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
