import { HookwellError } from '../errors.ts';
import { isKeyText } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** What became of an event's deliveries when it was cancelled. */
export interface CancelledEvent {
  /** Waited, and are cancelled. */
  readonly cancelled: number;
  /** Are being sent, or about to be: those go on. */
  readonly sending: number;
  /** Had ended before, as far as the log still knows of them. */
  readonly ended: number;
}

/** Deliveries looked at, and lines, in one go. */
const rowsPerLook = 1_000;
/** Deliveries cancelled at once. */
const atOnce = 10;

/**
 * Cancels what waits of an event.
 *
 * @throws {HookwellError} `not_found` when the account has no such event, or it is no longer kept
 */
export async function cancelEvent(
  accountId: string,
  eventId: string,
  reason: string,
  storage: Pick<StorageAdapter, 'findEvents' | 'listDeliveries' | 'listAttempts' | 'cancelDelivery'>,
): Promise<CancelledEvent> {
  const [event] = isKeyText(eventId) ? await storage.findEvents(accountId, [eventId]) : [];
  if (!event) {
    throw new HookwellError('not_found', `No event ${shown(eventId)} in this account, or it is no longer kept.`, {
      value: eventId,
    });
  }
  const ended = await endedOf(accountId, eventId, storage);
  const sum = { cancelled: 0, sending: 0 };
  for (let after = ''; ;) {
    const { rows } = await storage.listDeliveries(accountId, { ...firstById, where: ofEvent(eventId, 'id', after) });
    for (let next = 0; next < rows.length; next += atOnce) {
      const part = rows.slice(next, next + atOnce);
      for (const { id } of part) ended.delete(id);
      const cancelled = await Promise.all(part.map(async ({ id }) => storage.cancelDelivery(accountId, id, reason, eventId)));
      for (const isCancelled of cancelled) sum[isCancelled ? 'cancelled' : 'sending'] += 1;
    }
    const last = rows.at(-1);
    if (!last || rows.length < rowsPerLook) return { ...sum, ended: ended.size };
    after = last.id;
  }
}

/** The ids of its deliveries that have ended; those that a replay has made due again among them. */
async function endedOf(accountId: string, eventId: string, storage: Pick<StorageAdapter, 'listAttempts'>): Promise<Set<string>> {
  const ended = new Set<string>();
  for (let after = 0; ;) {
    const { rows } = await storage.listAttempts(accountId, { ...firstById, where: ofEvent(eventId, 'id', after) });
    for (const { deliveryId, outcome } of rows) if (outcome !== 'retry') ended.add(deliveryId);
    const last = rows.at(-1);
    if (!last || rows.length < rowsPerLook) return ended;
    after = last.id;
  }
}

const firstById = { sort: { field: 'id', direction: 'asc' }, offset: 0, limit: rowsPerLook } as const;

function ofEvent(eventId: string, field: 'id', after: string | number) {
  const isOfEvent = { kind: 'compare', field: 'eventId', operator: '=', value: eventId } as const;
  return { kind: 'and', of: [isOfEvent, { kind: 'compare', field, operator: '>', value: after }] } as const;
}
