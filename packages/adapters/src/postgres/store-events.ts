import type { StoreBatch, StoredEvent } from '@hookwell/core';
import { HookwellError } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { kept, plannedEachTime, type Runner } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** How long after midnight an event may still be of the day before, when a call is made again, in milliseconds. */
const overMidnightMs = 3_600_000;

/** What came of a batch: whether there was a place for it, and which of its events found their key taken. */
interface Stored {
  readonly ready: boolean;
  readonly taken: readonly string[] | null;
}

type EventRow = Parameters<typeof readEvent>[0];

/**
 * Makes the call that stores events with their deliveries.
 *
 * @param makePartitions makes those of today and the next days, outside of any transaction that is joined
 */
export function prepareStoreEvents(names: Names, makePartitions: () => Promise<unknown>) {
  // Ids are unique within a day. Keys are taken in order, so that calls cannot wait for each other in a circle.
  // Where the partition of today is missing nothing is done: an error would end a transaction of the host's.
  const store = kept<Stored>(`
    with clock as materialized (
      select now, (now / 86400000)::integer as day,
        to_regclass('${names.schema}.events_' || to_char(date '1970-01-01' + (now / 86400000)::integer, 'YYYYMMDD')) is not null as ready
      from (select ${names.now} as now) c
    ), given as materialized (
      select * from json_to_recordset($1::text::json) as e (
        id text, account_id text, topic text, object_type bigint, occurred_at bigint, idempotency_key text, record text,
        metadata text
      )
    ), keyed as (
      insert into ${names.eventKeys} (account_id, idempotency_key, event_id, day)
      select account_id, idempotency_key, id, day from clock, given where ready and idempotency_key is not null
      order by account_id, idempotency_key, id
      on conflict do nothing
      returning event_id
    ), stored as (
      insert into ${names.events} (
        day, id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record, metadata
      )
      select day, id, account_id, topic, object_type, occurred_at, now, idempotency_key, record, coalesce(metadata, '{}')
      from clock, given
      where ready and (idempotency_key is null or id in (select event_id from keyed))
        and (now % 86400000 > ${overMidnightMs} or not exists (
          select from ${names.events} yesterday where yesterday.id = given.id and yesterday.day = clock.day - 1
        ))
      returning id
    ), queued as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at, fence
      )
      select id, account_id, subscription_id, event_id, day, 0, 0, 0, now,
        case when leased then now + $4::double precision else now end, case when leased then $3::text end
      from clock, json_to_recordset($2::text::json) as d (
        id text, account_id text, subscription_id bigint, event_id text, leased boolean
      )
      where event_id in (select id from stored)
    )
    select json_build_object('ready', (select ready from clock), 'taken', (
      select json_agg(id) from given where idempotency_key is not null and id not in (select event_id from keyed)
    ))::text`);
  // Looked for in a statement of its own: who took a key may have done so after the first one began.
  const findByKey = plannedEachTime<readonly { readonly position: number; readonly event: EventRow }[]>(`
    select coalesce(json_agg(json_build_object('position', position, 'event', event)), '[]')::text
    from json_to_recordset($1::text::json) as k (position integer, account_id text, idempotency_key text)
    join ${names.eventKeys} as key on key.account_id = k.account_id and key.idempotency_key = k.idempotency_key
    cross join lateral (
      select * from ${names.events} as e where e.id = key.event_id and e.day = key.day
    ) event`);
  const findById = plannedEachTime<readonly string[]>(`
    select coalesce(json_agg(id), '[]')::text from (
      select distinct event.id from json_to_recordset($1::text::json) as e (id text) join ${names.events} as event using (id)
    ) e`);

  /** What the batch is answered with when some of its events were left out because of their keys. */
  async function withEarlier(
    runner: Runner,
    events: readonly StoredEvent[],
    isLeftOut: (event: StoredEvent) => boolean,
  ): Promise<(StoredEvent | undefined)[]> {
    const answers: (StoredEvent | undefined)[] = events.map((event) => (isLeftOut(event) ? undefined : event));
    const keys = events.flatMap(({ accountId, idempotencyKey }, position) =>
      answers[position] ? [] : [{ position, account_id: accountId, idempotency_key: idempotencyKey }],
    );
    if (keys.length === 0) return answers;
    for (const { position, event } of await runner.run(findByKey, [toJson(keys)])) answers[position] = readEvent(event);
    return answers;
  }

  /**
   * What an earlier call has answered, whose answer was lost: it stored all of these events but those whose key was used.
   * Null when the batch is none that was stored before.
   */
  async function answerAgain(runner: Runner, { events }: StoreBatch): Promise<readonly StoredEvent[] | null> {
    const ids = new Set(await runner.run(findById, [toJson(events.map(({ id }) => ({ id })))]));
    if (!events.some(({ id }) => ids.has(id))) return null;
    const answers = await withEarlier(runner, events, ({ id }) => !ids.has(id));
    return answers.every((answer) => answer !== undefined) ? answers : null;
  }

  async function insert(runner: Runner, batch: StoreBatch): Promise<readonly string[]> {
    const events = batch.events.map((event) => ({
      id: event.id,
      account_id: event.accountId,
      topic: event.topic,
      object_type: event.objectType,
      occurred_at: event.occurredAt,
      idempotency_key: event.idempotencyKey,
      record: JSON.stringify(event.record),
      metadata: textOf(event.metadata),
    }));
    const deliveries = batch.deliveries.map(({ id, accountId, subscriptionId, eventId, leased }) => ({
      id,
      account_id: accountId,
      subscription_id: subscriptionId,
      event_id: eventId,
      leased,
    }));
    const values = [toJson(events), toJson(deliveries), batch.fence, batch.leaseMs];
    const first = await runner.run(store, values);
    if (first.ready) return first.taken ?? [];
    await makePartitions();
    const second = await runner.run(store, values);
    if (second.ready) return second.taken ?? [];
    throw new HookwellError(
      'storage_busy',
      'The day has just begun, and its partition is not there yet; nothing was stored. Try again.',
    );
  }

  async function storeEvents(runner: Runner, batch: StoreBatch, isSecondTry = false): Promise<readonly StoredEvent[]> {
    const { events, deliveries } = batch;
    checkDeliveries(batch);
    let taken: ReadonlySet<string>;
    try {
      taken = new Set(await insert(runner, batch));
    } catch (error) {
      const answers = isConflict(error) ? await answerAgain(runner, batch).catch(conflictUnlessBusy) : null;
      if (answers) return answers;
      throw error;
    }
    if (taken.size === 0) return events;
    const answers = await withEarlier(runner, events, ({ id }) => taken.has(id));
    // Who had the key may have been forgotten since: it is free for an event that was left out.
    const freed = events.filter((_, position) => answers[position] === undefined);
    if (freed.length === events.length && isSecondTry) {
      throw new HookwellError('storage_failed', `The key of event "${events[0]?.id}" is held by an event that is not there.`);
    }
    if (freed.length > 0) {
      const ids = new Set(freed.map(({ id }) => id));
      const rest = { ...batch, events: freed, deliveries: deliveries.filter(({ eventId }) => ids.has(eventId)) };
      const late = await storeEvents(runner, rest, true);
      for (const [index, event] of freed.entries()) answers[events.indexOf(event)] = late[index];
    }
    return answers as readonly StoredEvent[];
  }

  return async (runner: Runner, batch: StoreBatch): Promise<readonly StoredEvent[]> => storeEvents(runner, batch);
}

/** As JSON; left out where there is nothing, as with most events. */
function textOf(metadata: StoredEvent['metadata']): string | undefined {
  const text = JSON.stringify(metadata);
  return text === '{}' ? undefined : text;
}

/** The deliveries of an event are stored with it or left out with it; others would be left out in silence. */
function checkDeliveries({ events, deliveries }: StoreBatch): void {
  const ids = new Set(events.map(({ id }) => id));
  for (const { id, eventId } of deliveries) {
    if (ids.has(eventId)) continue;
    throw new HookwellError(
      'storage_failed',
      `Nothing of the batch was stored: the event "${eventId}" of the delivery "${id}" is not in it. Store events together with their deliveries.`,
      { value: eventId },
    );
  }
}

/**
 * In a transaction of the host's, which a conflict ends, nothing more can be asked, and the conflict is what is told. A
 * question that can be asked again must be: whoever is told of a conflict takes the batch for not stored.
 */
function conflictUnlessBusy(error: unknown): null {
  if (HookwellError.is(error, 'storage_busy')) throw error;
  return null;
}

function isConflict(error: unknown): boolean {
  return HookwellError.is(error) && codeOf(error.cause) === '23505';
}
