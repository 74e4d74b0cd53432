import type { TransportResult } from './transport-result.ts';
import type { Claim } from './delivery.ts';
import type { EncodedPayload } from './encoding.ts';
import type { StoredEvent } from './event.ts';
import type { Encoding, Subscription } from './subscription.ts';

/** The payload of an event in one format and encoding, for those who may see the same fields. */
export interface ComposedPayload {
  readonly format: string;
  readonly encoding: Encoding;
  /** The fields that it may have, as one text; empty when it may have all of them. */
  readonly fields: string;
  /** The event as those see it who get this. */
  readonly event: StoredEvent;
  readonly payload: EncodedPayload;
}

/** A claim in this process's memory, with all that is needed to send it. */
export interface Held {
  readonly claim: Claim;
  /** As it was when the delivery was claimed or stored. */
  readonly subscription: Subscription;
  readonly event: StoredEvent;
  /** What was composed for the event so far: one list for all its deliveries that are held. */
  readonly composed: ComposedPayload[];
  /** When it was asked for, on the process's monotonic clock, in milliseconds: the lease began no earlier. */
  readonly heldSince: number;
  /** Whether it is a test of its owner's: sent once, and no failure of it is held against the endpoint. */
  readonly isTest?: true;
}

/** What came of dispatching a claim. */
export interface Dispatched {
  readonly held: Held;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly result: DispatchResult;
}

/** What came of a claim, on its way to be recorded. */
export interface Sent extends Dispatched {
  /** Whether its lane was closed by then: one answer that asks for time speaks for all that were in flight beside it. */
  readonly laneClosed: boolean;
}

/** What the transport said; or why nothing was handed to it. */
export type DispatchResult =
  | TransportResult
  | {
      readonly ok: null;
      readonly kind: 'unsubscribed' | 'quarantined' | 'expired' | 'record_gone' | 'record_not_loaded' | 'internal_error';
      readonly reason: string;
    };
