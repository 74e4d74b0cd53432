import { meets, type Condition, type Page, type Query, type QueryValue, type StorageAdapter } from '@hookwell/core';
import { everything, type Sabotage, type StorageSaboteur } from './storage-saboteur.ts';

type Member = 'listSubscriptions' | 'listDeliveries' | 'listAttempts';
type Row = { readonly id: string | number } & Readonly<Record<string, QueryValue>>;
type List = (accountId: string, query: Query) => Promise<Page<Row>>;

const members: readonly Member[] = ['listSubscriptions', 'listDeliveries', 'listAttempts'];

const listOf = (storage: StorageAdapter, member: Member): List => storage[member] as unknown as List;

/** A sabotage of one list, made of the sound one. */
function listing(member: Member, sabotaged: (list: List) => List): Sabotage {
  return (sound) => ({ [member]: sabotaged(listOf(sound, member)) });
}

/** The same tree with each of its leaves changed. */
function mapLeaves(condition: Condition, change: (leaf: Condition) => Condition): Condition {
  if (condition.kind !== 'and' && condition.kind !== 'or') return change(condition);
  return { kind: condition.kind, of: condition.of.map((part) => mapLeaves(part, change)) };
}

/** A list that answers queries about other conditions than it is asked. */
const asking =
  (change: (leaf: Condition) => Condition) =>
  (list: List): List =>
  async (accountId, query) =>
    list(accountId, { ...query, where: query.where && mapLeaves(query.where, change) });

const wrongConditions: Readonly<Record<Member, { does: string; change: (leaf: Condition) => Condition }>> = {
  listSubscriptions: {
    does: 'takes null for a value that is not another one',
    change: (leaf) =>
      leaf.kind === 'compare' && leaf.operator === '<>'
        ? { kind: 'or', of: [leaf, { kind: 'null', field: leaf.field, negated: false }] }
        : leaf,
  },
  listDeliveries: {
    does: 'takes NOT IN for IN',
    change: (leaf) => (leaf.kind === 'in' ? { ...leaf, negated: false } : leaf),
  },
  listAttempts: {
    does: 'takes <= for <',
    change: (leaf) => (leaf.kind === 'compare' && leaf.operator === '<=' ? { ...leaf, operator: '<' } : leaf),
  },
};

const wrongOrders: Readonly<Record<Member, { does: string; order: (list: List) => List }>> = {
  listSubscriptions: {
    does: 'sorts nulls last',
    order: (list) => async (accountId, query) => {
      const { rows, total } = await list(accountId, { ...query, offset: 0, limit: 10_000 });
      const isNull = (row: Row): boolean => row[query.sort.field] === null;
      const sorted = [...rows.filter((row) => !isNull(row)), ...rows.filter(isNull)];
      return { rows: sorted.slice(query.offset, query.offset + query.limit), total };
    },
  },
  listDeliveries: {
    does: 'turns the order of equal rows with the direction',
    order: (list) => async (accountId, query) => {
      const { sort, offset, limit } = query;
      if (sort.direction === 'asc') return list(accountId, query);
      const { rows, total } = await list(accountId, { ...query, sort: { ...sort, direction: 'asc' }, offset: 0, limit: 10_000 });
      return { rows: rows.toReversed().slice(offset, offset + limit), total };
    },
  },
  listAttempts: {
    does: 'counts only the rows that it answers',
    order: (list) => async (accountId, query) => {
      const { rows } = await list(accountId, query);
      return { rows, total: rows.length };
    },
  },
};

/** Storages that break promises about queries. */
export const querySaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'folds the case of all letters in LIKE',
    sabotage: listing('listSubscriptions', (list) => async (accountId, query) => {
      const folded = query.where && mapLeaves(query.where, fold);
      const { rows } = await list(accountId, everything);
      const met = rows.filter((row) => meets({ ...row, data: String(row['data']).toLowerCase() }, folded));
      return { rows: met, total: met.length };
    }),
    caughtBy: 'listSubscriptions takes LIKE as SQL does, for ASCII letters of either case',
    sentence: /^"É" is not LIKE "é"/,
  },
  {
    does: 'sorts texts by their code units',
    sabotage: listing('listSubscriptions', (list) => async (accountId, query) => {
      const { rows, total } = await list(accountId, query);
      return { rows: rows.toSorted((a, b) => (String(a['data']) < String(b['data']) ? -1 : 1)), total };
    }),
    caughtBy: 'listSubscriptions orders texts by their code points',
    sentence: /^texts are not sorted by their code points/,
  },
  ...members.flatMap((member) => [
    {
      does: `answers rows of every account in ${member}`,
      sabotage: listing(member, (list) => async (_accountId, query) => {
        const pages = [await list('a', query), await list('b', query)];
        return { rows: pages.flatMap(({ rows }) => rows), total: pages.reduce((sum, { total }) => sum + total, 0) };
      }),
      caughtBy: `${member} answers an account’s own rows, and nobody else’s`,
      sentence: /^an account sees rows of another/,
    },
    {
      does: `${wrongConditions[member].does} in ${member}`,
      sabotage: listing(member, asking(wrongConditions[member].change)),
      caughtBy: `${member} answers the rows that meet the condition, whatever its operators`,
      sentence: /^other rows than meet \{/,
    },
    {
      does: `${wrongOrders[member].does} in ${member}`,
      sabotage: listing(member, wrongOrders[member].order),
      caughtBy: `${member} sorts by every field, nulls first and equals by their ids, and cuts after that`,
      sentence: /^other rows than \{.*\} asks for/,
    },
    {
      does: `finds nothing in ${member} where it should refuse`,
      sabotage: listing(member, (list) => async (accountId, query) => {
        const nothing = { rows: [], total: 0 };
        return list(accountId, query).catch(() => nothing);
      }),
      caughtBy: `${member} refuses a query that no storage can answer, as invalid`,
      sentence: /^it took \{.*\} for a query/,
    },
  ]),
];

function fold(leaf: Condition): Condition {
  return leaf.kind === 'compare' && leaf.operator === 'LIKE' ? { ...leaf, value: String(leaf.value).toLowerCase() } : leaf;
}
