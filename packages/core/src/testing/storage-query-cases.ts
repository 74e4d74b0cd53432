import { deepEqual, equal } from 'node:assert/strict';
import { deliveryFields } from '../model/delivery.ts';
import { attemptFields } from '../model/outcome.ts';
import type { FieldTypes } from '../model/check-query.ts';
import { meets, queryRows, type Comparison, type Condition, type Page, type Query, type QueryValue } from '../model/query.ts';
import { subscriptionFields, type Subscription } from '../model/subscription.ts';
import type { SubscriptionField } from '../storage-adapter.ts';
import { everything, refusal, storageCase, type StorageConformanceCase } from './storage-checks.ts';
import { conditionsOver } from './storage-conditions.ts';
import type { StorageTrial } from './storage-trial.ts';

type Row = { readonly id: string | number } & Readonly<Record<string, QueryValue>>;
type List = (accountId: string, query: Query) => Promise<Page<Row>>;

/** The lists of the port, with the fields that their queries may name. */
const listings = {
  listSubscriptions: subscriptionFields,
  listDeliveries: deliveryFields,
  listAttempts: attemptFields,
} as const;

const listOf = (trial: StorageTrial, member: keyof typeof listings): List => {
  const list = trial.storage[member] as unknown as List;
  return async (accountId, query) => list(accountId, { which: 'active', ...query } as Query);
};

/** Texts, patterns, and whether the one is LIKE the other. */
const likes: readonly (readonly [text: string, pattern: string, like: boolean])[] = [
  ['Hook', 'hOOK', true],
  ['É', 'é', false],
  ['\u212A', 'k', false],
  ['ß', 'SS', false],
  ['😀', '_', true],
  ['', '', true],
  ['', '%', true],
  ['', '_', false],
  ['abc', 'b', false],
  ['a\nb', 'A%B', true],
  ['a%b', String.raw`a\%b`, false],
  [String.raw`a\xb`, String.raw`a\%b`, true],
  ['aaab', '%a_b', true],
  ['abab', '%ab', true],
  ['[a]', '[a]', true],
  ['aba', 'ab%ba', false],
  ['abba', 'ab%ba', true],
  ['xabx', '%ab%ab%', false],
  ['xabyABx', '%ab%ab%', true],
];

/** The promises about queries, which each list keeps. */
export const storageQueryCases: readonly StorageConformanceCase[] = [
  storageCase('listSubscriptions takes LIKE as SQL does, for ASCII letters of either case', async (trial) => {
    for (const [data, value, like] of likes) {
      const { id } = await trial.subscribe({ data });
      const of = [compare('id', '=', id), compare('data', 'LIKE', value)];
      const { total } = await trial.storage.listSubscriptions('a', { ...everything, where: { kind: 'and', of } });
      equal(total === 1, like, `${JSON.stringify(data)} is ${like ? '' : 'not '}LIKE ${JSON.stringify(value)}`);
    }
  }),

  storageCase('listSubscriptions orders texts by their code points', async (trial) => {
    const inOrder = ['', 'A', 'Z', 'a', 'Ä', 'Ａ', '😀'];
    for (const data of inOrder.toReversed()) await trial.subscribe({ data });
    const sort = { field: 'data', direction: 'asc' } as const;
    const { rows } = await trial.storage.listSubscriptions('a', { ...everything, sort });
    deepEqual(
      rows.map(({ data }) => data),
      inOrder,
      'texts are not sorted by their code points',
    );
    const { total } = await trial.storage.listSubscriptions('a', { ...everything, where: compare('data', '>', 'Ａ') });
    equal(total, 1, 'texts are not compared by their code points');
  }),

  ...(Object.entries(listings) as [keyof typeof listings, FieldTypes][]).flatMap(([member, fields]) => [
    storageCase(`${member} answers an account’s own rows, and nobody else’s`, async (trial) => {
      await fill(trial, 'a');
      const before = await listOf(trial, member)('a', everything);
      await fill(trial, 'b');
      deepEqual(await listOf(trial, member)('a', everything), before, 'an account sees rows of another');
      const others = await listOf(trial, member)('b', { ...everything, where: isOneOf(before.rows) });
      deepEqual(others, { rows: [], total: 0 }, 'an account finds rows of another by their ids');
      deepEqual(await listOf(trial, member)('c', everything), { rows: [], total: 0 }, 'an account without rows sees some');
    }),

    storageCase(`${member} answers the rows that meet the condition, whatever its operators`, async (trial) => {
      await fill(trial, 'a');
      const { rows } = await listOf(trial, member)('a', everything);
      const values = member === 'listAttempts' ? await withRecords(trial, rows) : rows;
      for (const where of conditionsOver(values, fields)) {
        const found = await listOf(trial, member)('a', { ...everything, where });
        const met = rows.filter((_, index) => meets(values[index]!, where));
        deepEqual(found, { rows: met, total: met.length }, `other rows than meet ${JSON.stringify(where).slice(0, 200)}`);
      }
    }),

    storageCase(`${member} sorts by every field, nulls first and equals by their ids, and cuts after that`, async (trial) => {
      await fill(trial, 'a');
      const { rows } = await listOf(trial, member)('a', everything);
      for (const field of Object.keys(fields).filter((name) => fields[name] !== 'text')) {
        for (const direction of ['asc', 'desc'] as const) {
          for (const [offset, limit] of [
            [0, 100],
            [1, 2],
            [3, 0],
            [100, 5],
          ] as const) {
            const query = { where: null, sort: { field, direction }, offset, limit };
            const expected = queryRows(rows, query);
            deepEqual(await listOf(trial, member)('a', query), expected, `other rows than ${JSON.stringify(query)} asks for`);
          }
        }
      }
    }),

    storageCase(`${member} refuses a query that no storage can answer, as invalid`, async (trial) => {
      await fill(trial, 'a');
      const [text, number] = [fieldOf(fields, 'string'), fieldOf(fields, 'number')];
      const asking = (where: Condition): Query => ({ ...everything, where });
      const queries: readonly Query[] = [
        asking({ kind: 'compare', field: 'accountId', operator: '=', value: 'a' }),
        asking({ kind: 'in', field: 'constructor', values: [1], negated: false }),
        asking({ kind: 'compare', field: number, operator: '<', value: '5' }),
        asking({ kind: 'compare', field: text, operator: '>=', value: 5 }),
        asking({ kind: 'or', of: [{ kind: 'null', field: '1; drop table', negated: false }] }),
        asking({ kind: 'compare', field: number, operator: '= 1 or 1 =' as '=', value: 1 }),
        asking({ kind: 'compare', field: number, operator: '<>', value: Number.NaN }),
        asking({ kind: 'in', field: number, values: [1, Number.NaN], negated: true }),
        asking({ kind: 'compare', field: text, operator: 'LIKE', value: `%${'x'.repeat(60_000)}` }),
        { ...everything, sort: { field: 'fence', direction: 'asc' } },
        { ...everything, limit: -1 },
        { ...everything, limit: Number.POSITIVE_INFINITY },
        { ...everything, offset: 0.5 },
      ];
      for (const query of queries) {
        const asked = JSON.stringify(query.where ?? { ...query, limit: String(query.limit) }).slice(0, 200);
        await refusal(async () => listOf(trial, member)('a', query), 'invalid_query', `it took ${asked} for a query`);
      }
      equal((await listOf(trial, member)('a', { ...everything, limit: 0 })).rows.length, 0, 'a limit of 0 answers rows');
    }),
  ]),
];

/** Lines of the log with what else they can be found by: the records of their events. */
async function withRecords(trial: StorageTrial, rows: readonly Row[]): Promise<Row[]> {
  const events = await trial.storage.findEvents(
    'a',
    rows.map(({ eventId }) => String(eventId)),
  );
  const records = new Map(events.map(({ id, record }) => [id, JSON.stringify(record)]));
  return rows.map((row) => Object.assign({}, row, { record: records.get(String(row['eventId'])) ?? null }));
}

function compare(field: SubscriptionField, operator: Comparison, value: string | number): Condition<SubscriptionField> {
  return { kind: 'compare', field, operator, value };
}

/** Rows of all kinds for an account: most values differ, some are equal, some are null. */
async function fill(trial: StorageTrial, accountId: string): Promise<void> {
  const subscriptions: Subscription[] = [];
  for (const [index, data] of ['', 'Ａ', '😀', 'a', '', 'A%_\\b'].entries()) {
    const wish = { url: `https://example.com/${index % 3 === 0 ? 'Hook' : 'é'}_${index}%`, topic: `sub_tag(${index % 2})` };
    subscriptions.push(await trial.subscribe({ accountId, data, ...wish, encoding: index < 2 ? 'json' : 'form' }));
    await trial.pass(trial.spanMs / 60);
  }
  const [failing, suspended, ended] = subscriptions;
  const batch = trial.batch([...subscriptions, ...subscriptions]);
  await trial.storage.storeEvents(batch);
  const { claims } = await trial.claim({ perLane: 0, lanes: new Map(subscriptions.map(({ id }) => [id, 1])) });
  for (const [index, claim] of claims.entries()) {
    const answer = ['Zoë_%\\', 'ok', 'OK', '😀'][index] ?? '';
    const given = { startedAt: trial.outcome(claim).startedAt + index, durationMs: index % 3, answer };
    if (index < 2) await trial.record(trial.failure(claim, { ...given, reason: `HTTP ${500 + index}`, status: 500 + index }));
    else if (index < 4) await trial.record(trial.outcome(claim, { ...given, outcome: index === 2 ? 'failed' : 'delivered' }));
  }
  await trial.move(failing!, { health: 'failing' });
  await trial.move(suspended!, { health: 'suspended' });
  await trial.storage.endSubscription(accountId, ended!.id, 'it is over');
}

function fieldOf(fields: FieldTypes, holds: 'number' | 'string'): string {
  return Object.keys(fields).find((field) => fields[field] === holds) ?? '';
}

function isOneOf(rows: readonly Row[]): Condition {
  return { kind: 'in', field: 'id', values: rows.map(({ id }) => id), negated: false };
}
