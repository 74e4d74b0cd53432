import { setImmediate as nextTurn } from 'node:timers/promises';
import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import type { Erased, EraseResult } from '../model/erasure.ts';
import { shown } from '../model/shown.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** Which record to erase. */
export interface EraseInput {
  readonly accountId: AccountId;
  /** The number or the name of its object type. */
  readonly objectType: number | string;
  /** Its `id`, as number or text. */
  readonly recordId: number | string;
}

/** What `erase` works with. */
export interface EraseContext {
  readonly storage: Pick<StorageAdapter, 'eraseRecord'>;
  readonly catalog: Catalog;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
  readonly onDue: () => void;
}

/** Erases, part by part, all that is stored about one record, and answers how much it was. */
export async function erase({ accountId, objectType, recordId }: EraseInput, context: EraseContext): Promise<Erased> {
  context.checkRunning();
  const account = checkAccountId(accountId);
  const { id } = findObjectType(context.catalog, objectType);
  if (typeof recordId !== 'string' && !Number.isSafeInteger(recordId)) {
    throw new HookwellError(
      'invalid_input',
      `Invalid recordId ${shown(recordId)}: pass the id of a record, a whole number or a text.`,
      {
        value: recordId,
      },
    );
  }
  const sum = { events: 0, deliveries: 0, attempts: 0 };
  let after: string | null = null;
  do {
    const part: EraseResult = await context.storage.eraseRecord(account, { objectType: id, recordId: String(recordId), after });
    sum.events += part.events;
    sum.deliveries += part.deliveries;
    sum.attempts += part.attempts;
    after = part.cursor;
    await nextTurn();
  } while (after !== null);
  // Others may have waited for what is gone.
  if (sum.deliveries > 0) context.onDue();
  return sum;
}
