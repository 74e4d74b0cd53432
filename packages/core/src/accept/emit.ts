import type { AccountId } from '../model/account.ts';
import type { FieldInput } from '../model/crm-record.ts';

/** What a host tells about an event. */
export interface EmitInput {
  readonly accountId: AccountId;
  /** The number or the name of the record's object type: `0` or `'Contact'`. */
  readonly objectType: number | string;
  /** The record that fired it; it needs an `id`, and fields that it leaves out are sent empty. */
  readonly record: Readonly<Record<string, FieldInput>>;
  /** When it happened; now by default. Milliseconds since the epoch when a number. */
  readonly occurredAt?: Date | number | undefined;
  /** The host's own key: a second event of the account with the same key is not stored again. At most 200 characters. */
  readonly idempotencyKey?: string | undefined;
}

/** What became of an emitted event. */
export interface EmitResult {
  /** The event's id; the earlier one's when its idempotency key was used before. */
  readonly id: string;
  /** How many subscriptions get it; 0 for a duplicate. */
  readonly deliveries: number;
  /** Whether an earlier event with the same idempotency key stands for it. */
  readonly duplicate: boolean;
}
