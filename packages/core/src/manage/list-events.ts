import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { StoredEvent } from '../model/event.ts';
import { shown } from '../model/shown.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** Which stored events are wanted. */
export interface StoredEventsQuery {
  /** All topics when left out. */
  readonly topic?: string | undefined;
  /** At most how many, 1 to 100; 50 when left out. */
  readonly limit?: number | undefined;
}

/** Stored events, the newest first. */
export interface StoredEvents {
  readonly events: readonly StoredEvent[];
  /** Whether there are no others; else there may be, beyond the limit or beyond what was looked at. */
  readonly complete: boolean;
}

/** How far it looks, whoever events belong to: rows in each part, and parts. */
const looked = { rows: 1_000, parts: 20 };
const limits = { least: 1, usual: 50, most: 100 };

/**
 * Lists what an account has emitted last, whether or not anybody got it.
 *
 * @throws {HookwellError} `invalid_input`
 */
export async function listEvents(
  accountId: AccountId,
  { topic, limit = limits.usual }: StoredEventsQuery,
  storage: Pick<StorageAdapter, 'listEvents'>,
): Promise<StoredEvents> {
  const account = checkAccountId(accountId);
  if (!Number.isSafeInteger(limit) || limit < limits.least || limit > limits.most) {
    throw new HookwellError('invalid_input', `Invalid limit ${shown(limit)}: pass a whole number from 1 to ${limits.most}.`, {
      value: limit,
    });
  }
  const events: StoredEvent[] = [];
  let after: string | null = '';
  for (let part = 0; part < looked.parts && after !== null && events.length < limit; part += 1) {
    const search = { topic: topic ?? null, after, limit: limit - events.length, looks: looked.rows };
    const page = await storage.listEvents(account, search);
    events.push(...page.events);
    ({ after } = page);
  }
  return { events, complete: after === null };
}
