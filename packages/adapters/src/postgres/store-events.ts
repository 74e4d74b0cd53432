import type { NewDelivery, StoreBatch, StoredEvent } from '@hookwell/core';
import { HookwellError } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import { keepsMemory } from './keep-memory.ts';
import { toJson } from './connection.ts';
import { toArray, toLines } from './arrays.ts';
import type { Names } from './names.ts';
import { createdInOrder } from './orders.ts';
import { kept, plannedEachTime, type Runner } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** How long after midnight an event may still be of the day before, when a call is made again, in milliseconds. */
const overMidnightMs = 3_600_000;

/** What came of a batch: whether it could be stored at all, and which of its events found their key taken. */
interface Stored {
  readonly ready: boolean;
  /** Whether the day has just begun, so that an event may be of the day before. */
  readonly early: boolean;
  readonly taken: readonly string[] | null;
}

type EventRow = Parameters<typeof readEvent>[0];

/** The part of a statement that queues those of the given deliveries for which a condition holds. */
type Queueing = (where: string) => string;

/**
 * Makes the call that stores events with their deliveries.
 *
 * @param makePartitions makes those of today and the next days, outside of any transaction that is joined
 */
export function prepareStoreEvents(names: Names, makePartitions: () => Promise<unknown>) {
  // Ids are unique within a day. Keys are taken in order, so that calls cannot wait for each other in a circle.
  // Where the partition of today is missing nothing is done: an error would end a transaction of the host's.
  const clock = `clock as materialized (
      select now, (now / 86400000)::integer as day, now % 86400000 <= ${overMidnightMs} as early,
        to_regclass('${names.schema}.events_' || to_char(date '1970-01-01' + (now / 86400000)::integer, 'YYYYMMDD')) is not null as ready
      from (select ${names.now} as now) c where ${keepsMemory}
    )`;
  const givenEvents = `
      select unnest($1::text::text[]) as id, unnest($2::text::text[]) as account_id, unnest($3::text::text[]) as topic,
        unnest($4::text::bigint[]) as object_type, unnest($5::text::bigint[]) as occurred_at,
        unnest(string_to_array($6::text, E'\\n')) as record, unnest(string_to_array($7::text, E'\\n')) as metadata`;
  const givenDeliveries = `
      select unnest($10::text::text[]) as id, unnest($11::text::text[]) as account_id,
        unnest($12::text::bigint[]) as subscription_id, unnest($13::text::text[]) as event_id,
        unnest($14::text::boolean[]) as leased`;
  const givenSpecial = `, unnest($15::text::text[]) as order_key, unnest($16::text::text[]) as coalesce_key,
        unnest($17::text::double precision[]) as due_in_ms`;
  const intoEvents = `insert into ${names.events} (
        day, id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record, metadata
      )`;
  const queue: Queueing = (where) => `queued as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at, fence
      )
      select id, account_id, subscription_id, event_id, day, 0, 0, 0, now,
        case when leased then now + $9::double precision else now end, case when leased then $8::text end
      from clock, (${givenDeliveries}) as d where ${where}
    )`;
  const intoSpecial = `insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at, fence,
        order_key, coalesce_key
      )`;
  const specialColumns = (eventId: string, createdAt: string): string => `
        id, account_id, subscription_id, ${eventId}, day, 0, 0, 0, ${createdAt},
        case when leased then now + $9::double precision else now + coalesce(due_in_ms, 0) end,
        case when leased then $8::text end, order_key, coalesce_key`;
  const givenInOrder = `(select g.*, row_number() over () as position from (${givenDeliveries}${givenSpecial}) as g) as d`;
  const lastEvent = 'first_value(event_id) over (partition by subscription_id, coalesce_key order by position desc)';
  /** Where some are due later, or keep an order if it says when those are made. */
  const specialQueue =
    (createdAt: string): Queueing =>
    (where) =>
      `queued as (
      ${intoSpecial}
      select ${specialColumns('event_id', createdAt)} from clock, ${givenInOrder} where ${where}
    )`;
  // In the order of the keys, so that calls cannot wait for each other in a circle. What is claimed has no key any more.
  /** Where some can be coalesced: the last event of a batch takes the place of all that came before it under its key. */
  const coalescingQueue =
    (createdAt: string): Queueing =>
    (where) =>
      `${specialQueue(createdAt)(`coalesce_key is null and ${where}`)}, coalesced as (
      ${intoSpecial}
      select distinct on (subscription_id, coalesce_key) ${specialColumns(lastEvent, createdAt)}
      from clock, ${givenInOrder}
      where coalesce_key is not null and ${where}
      order by subscription_id, coalesce_key, position
      on conflict (subscription_id, coalesce_key) where coalesce_key is not null
      do update set event_id = excluded.event_id, event_day = excluded.event_day
    )`;
  // Most batches have no keys, and the day began some time ago: nothing is left out.
  const storeAll = (queued: Queueing, statement: typeof kept = kept) =>
    statement<Stored>(`
    with ${clock}, stored as (
      ${intoEvents}
      select day, id, account_id, topic, object_type, occurred_at, now, null, record, coalesce(metadata, '{}')
      from clock, (${givenEvents}) as given
      where ready and not early
    ), ${queued('ready and not early')}
    select json_build_object('ready', ready, 'early', early)::text from clock`);
  const storeSome = (queued: Queueing, keys: string, statement: typeof kept = kept) =>
    statement<Stored>(`
    with ${clock}, given as materialized (
      ${givenEvents}, unnest(${keys}::text::text[]) as idempotency_key
    ), keyed as (
      insert into ${names.eventKeys} (account_id, idempotency_key, event_id, day)
      select account_id, idempotency_key, id, day from clock, given where ready and idempotency_key is not null
      order by account_id, idempotency_key, id
      on conflict do nothing
      returning event_id
    ), stored as (
      ${intoEvents}
      select day, id, account_id, topic, object_type, occurred_at, now, idempotency_key, record, coalesce(metadata, '{}')
      from clock, given
      where ready and (idempotency_key is null or id in (select event_id from keyed))
        and (not early or not exists (
          select from ${names.events} yesterday where yesterday.id = given.id and yesterday.day = clock.day - 1
        ))
      returning id
    ), ${queued('event_id in (select id from stored)')}
    select json_build_object('ready', (select ready from clock), 'early', (select early from clock), 'taken', (
      select json_agg(id) from given where idempotency_key is not null and id not in (select event_id from keyed)
    ))::text`);
  const plain = { all: storeAll(queue), some: storeSome(queue, '$15') };
  const both = (queued: Queueing, statement?: typeof kept) => ({
    all: storeAll(queued, statement),
    some: storeSome(queued, '$18', statement),
  });
  const [special, coalescing] = [both(specialQueue('now')), both(coalescingQueue('now'))];
  // What keeps an order reads the queue: a plan that was made for a short one would read a long one from end to end.
  const ordered = both(coalescingQueue(createdInOrder(names, 'd')), plannedEachTime);
  const statementsFor = (deliveries: readonly NewDelivery[]): typeof plain => {
    if (deliveries.some(({ orderKey }) => orderKey !== undefined)) return ordered;
    return deliveries.some(({ coalesceKey }) => coalesceKey !== undefined) ? coalescing : special;
  };
  /** Whether the day had just begun when the last batch was stored: then nobody asks in vain. */
  let early = false;
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

  async function insertOnce(runner: Runner, batch: StoreBatch): Promise<Stored> {
    const { events, deliveries, fence, leaseMs } = batch;
    const metadata = events.map((event) => JSON.stringify(event.metadata));
    const values = [
      toArray(events.map(({ id }) => id)),
      toArray(events.map(({ accountId }) => accountId)),
      toArray(events.map(({ topic }) => topic)),
      toArray(events.map(({ objectType }) => objectType)),
      toArray(events.map(({ occurredAt }) => occurredAt)),
      toLines(events.map(({ record }) => JSON.stringify(record))),
      metadata.every((text) => text === '{}') ? null : toLines(metadata),
      fence,
      leaseMs,
      toArray(deliveries.map(({ id }) => id)),
      toArray(deliveries.map(({ accountId }) => accountId)),
      toArray(deliveries.map(({ subscriptionId }) => subscriptionId)),
      toArray(deliveries.map(({ eventId }) => eventId)),
      toArray(deliveries.map(({ leased }) => leased)),
    ];
    const isSpecial = deliveries.some(isSpecialDelivery);
    if (isSpecial) {
      values.push(
        toArray(deliveries.map(({ orderKey }) => orderKey ?? null)),
        toArray(deliveries.map(({ coalesceKey }) => coalesceKey ?? null)),
        toArray(deliveries.map(({ dueInMs }) => dueInMs ?? null)),
      );
    }
    const { all, some } = isSpecial ? statementsFor(deliveries) : plain;
    if (!early && events.every(({ idempotencyKey }) => idempotencyKey === null)) {
      const answer = await runner.run(all, values);
      if (!answer.ready || !answer.early) return answer;
    }
    const answer = await runner.run(some, [...values, toArray(events.map(({ idempotencyKey }) => idempotencyKey))]);
    ({ early } = answer);
    return answer;
  }

  async function insert(runner: Runner, batch: StoreBatch): Promise<readonly string[]> {
    const first = await insertOnce(runner, batch);
    if (first.ready) return first.taken ?? [];
    await makePartitions();
    const second = await insertOnce(runner, batch);
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

function isSpecialDelivery({ orderKey, coalesceKey, dueInMs }: NewDelivery): boolean {
  return orderKey !== undefined || coalesceKey !== undefined || dueInMs !== undefined;
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
