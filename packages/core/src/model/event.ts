import type { CrmRecord } from './crm-record.ts';
import type { SmallTexts } from './small-texts.ts';

/** Something that happened in the CRM, as it is stored: once, however many subscriptions it is for. */
export interface StoredEvent {
  /** UUIDv7, made by the engine. */
  readonly id: string;
  readonly accountId: string;
  /** E.g. `sub_tag(3)`. */
  readonly topic: string;
  /** The number of the record's object type. */
  readonly objectType: number;
  readonly record: CrmRecord;
  /** When it happened, in milliseconds since the epoch, by the host's clock. */
  readonly occurredAt: number;
  /** The host's own key for it, unique within the account; null when it gave none. */
  readonly idempotencyKey: string | null;
  /**
   * What plugins put beside it, such as a `traceparent`; no part of any payload. Empty when there is nothing. Names that begin
   * with `hookwell:` are the engine's own: whether its record is loaded later, and its `deliverAt` and `expiresAt`.
   */
  readonly metadata: SmallTexts;
}

/** What matching goes by: an account's subscriptions to one topic. */
export interface TopicKey {
  readonly accountId: string;
  readonly topic: string;
}
