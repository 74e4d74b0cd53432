import PQueue from 'p-queue';
import { messageOf } from '../errors.ts';
import { inTime } from '../in-time.ts';
import type { LoadedRecord, LoadedRecords, LoadRecords } from '../late-options.ts';
import type { Catalog, ObjectType } from '../model/catalog.ts';
import { findObjectType, normaliseRecord } from '../model/crm-record.ts';
import type { StoredEvent } from '../model/event.ts';
import { whyExpired } from '../model/event-times.ts';
import { lacksRecord } from '../model/gone-record.ts';
import { isLate, type LateRecord } from '../model/late-record.ts';
import { shown } from '../model/shown.ts';

/** What late records work with. */
export interface LateRecordsContext {
  readonly catalog: Catalog;
  readonly loadRecords?: LoadRecords | undefined;
  readonly loadBatchSize: number;
  readonly hookTimeoutMs: number;
  /** Is told why records could not be loaded, which the log says in general words only: its readers are customers. */
  readonly report: (error: unknown) => void;
}

/** Batches that are being loaded at once, so that one account's table that is locked keeps nobody else's from being read. */
const maxBatches = 8;

interface Wanted {
  readonly event: StoredEvent;
  readonly found: (record: LateRecord) => void;
}

/** What is loaded at once: records of one account and object type, by the text of their ids. */
interface Batch {
  readonly accountId: string;
  readonly objectType: number;
  readonly wanted: Map<string, Wanted[]>;
}

/**
 * Loads the records of events that were emitted with an id only: once for each event in memory, however many subscriptions
 * get it, and together with those of its group and of whatever else is sent in the same turn of the event loop.
 */
export class LateRecords {
  readonly #context: LateRecordsContext;
  readonly #queue = new PQueue({ concurrency: maxBatches });
  readonly #found = new WeakMap<StoredEvent, Promise<LateRecord>>();
  /** For events that nothing was loaded for yet: all those of their group, a list that is emptied when that is done. */
  readonly #groups = new WeakMap<StoredEvent, StoredEvent[]>();
  #waiting: Wanted[] = [];

  constructor(context: LateRecordsContext) {
    this.#context = context;
  }

  /** Takes note of what came into memory together: what the first of it needs is loaded for all of it. */
  group(held: readonly { readonly event: StoredEvent }[]): void {
    let group: StoredEvent[] | undefined;
    for (const { event } of held) {
      if (!isLate(event) || lacksRecord(event) || this.#groups.has(event)) continue;
      group ??= [];
      group.push(event);
      this.#groups.set(event, group);
    }
  }

  /**
   * An event with its record, or why there is none; null for one that was stored with its record. Never rejects.
   *
   * @param sentAt when it is to be sent: what has expired by then is not loaded; left out where it is only looked at
   */
  load(event: StoredEvent, sentAt = Number.NEGATIVE_INFINITY): Promise<LateRecord> | null {
    if (!isLate(event)) return null;
    if (lacksRecord(event)) return Promise.resolve<LateRecord>({ missing: 'gone', reason: 'its record is no longer kept' });
    const expired = whyExpired(event, sentAt);
    if (expired !== null) return Promise.resolve({ missing: 'expired', reason: expired });
    const known = this.#found.get(event);
    if (known) return known;
    const found = this.#want(event);
    for (const other of this.#groups.get(event)?.splice(0) ?? []) {
      if (!this.#found.has(other) && whyExpired(other, sentAt) === null) void this.#want(other);
    }
    return found;
  }

  async #want(event: StoredEvent): Promise<LateRecord> {
    const found = new Promise<LateRecord>((resolve) => {
      this.#waiting.push({ event, found: resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#loadWaiting());
    });
    this.#found.set(event, found);
    return found;
  }

  #loadWaiting(): void {
    const { loadBatchSize, report } = this.#context;
    const batches = new Map<string, Batch>();
    const load = (batch: Batch): void => void this.#queue.add(async () => this.#loadBatch(batch)).catch(report);
    for (const wanted of this.#waiting) {
      const { accountId, objectType, record } = wanted.event;
      const key = `${objectType}\n${accountId}`;
      const id = String(record['id']);
      let batch = batches.get(key);
      if (batch && batch.wanted.size >= loadBatchSize && !batch.wanted.has(id)) {
        load(batch);
        batch = undefined;
      }
      if (!batch) {
        batch = { accountId, objectType, wanted: new Map() };
        batches.set(key, batch);
      }
      const same = batch.wanted.get(id);
      if (same) same.push(wanted);
      else batch.wanted.set(id, [wanted]);
    }
    this.#waiting = [];
    for (const batch of batches.values()) load(batch);
  }

  async #loadBatch({ accountId, objectType, wanted }: Batch): Promise<void> {
    const { catalog, loadRecords, hookTimeoutMs, report } = this.#context;
    try {
      if (!loadRecords) throw new Unloaded('the option "loadRecords" is not given here');
      const type = findObjectType(catalog, objectType);
      const ids = [...wanted.values()].flatMap(([first]) => (first ? [first.event.record['id'] as string | number] : []));
      const tooLate = (): Error => new Unloaded(`loadRecords has not answered within ${hookTimeoutMs} ms`);
      const records = byId(await inTime(loadRecords(type, ids, { accountId }), hookTimeoutMs, tooLate));
      for (const [id, events] of wanted) {
        for (const { event, found } of events) found(this.#recordOf(event, records.get(id), type));
      }
    } catch (error) {
      report(new Error(`The records of ${wanted.size} ids could not be loaded: ${messageOf(error)}`, { cause: error }));
      for (const events of wanted.values()) for (const { event, found } of events) found(this.#failed(event, error));
    }
  }

  #recordOf(event: StoredEvent, record: LoadedRecord | null | undefined, type: ObjectType): LateRecord {
    const { id = null } = event.record;
    if (record === null || record === undefined) {
      return { missing: 'gone', reason: `its record is gone: there is no ${type.name} ${String(id)}` };
    }
    try {
      const { id: loaded = id } = record;
      if (String(loaded) !== String(id)) throw new Unloaded(`loadRecords answered the ${type.name} ${shown(loaded)} for it`);
      return { event: { ...event, record: normaliseRecord({ ...record, id }, type) } };
    } catch (error) {
      this.#context.report(error);
      return this.#failed(event, error);
    }
  }

  /** What could not be loaded is tried anew by whoever needs it next. */
  #failed(event: StoredEvent, error: unknown): LateRecord {
    this.#found.delete(event);
    const why = error instanceof Unloaded ? error.message : 'loadRecords failed';
    return { missing: 'failed', reason: `its record could not be loaded: ${why}` };
  }
}

/** Why a record was not loaded, in words that may stand in the log. */
class Unloaded extends Error {}

function byId(answer: LoadedRecords): ReadonlyMap<string, LoadedRecord | null | undefined> {
  if (answer instanceof Map) {
    return new Map([...(answer as ReadonlyMap<unknown, LoadedRecord>)].map(([id, record]) => [String(id), record]));
  }
  if (Array.isArray(answer)) {
    return new Map((answer as readonly LoadedRecord[]).map((record) => [String(record?.['id']), record]));
  }
  throw new Unloaded('loadRecords answered neither a Map of records by id nor a list of records');
}
