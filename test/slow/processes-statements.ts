import type { Pool } from 'pg';

/** What tells the storage's statements apart: a few words of each that no other has. */
const marks: readonly (readonly [kind: string, mark: string])[] = [
  ['claim', 'for update skip locked\n      ) due'],
  ['record', 'given_back as'],
  ['release', 'released as'],
  ['store', 'queued as'],
  ['find subscriptions', 'k (account_id text, topic text)'],
  ['next due', 'walk (id, next_at)'],
  ['prune: log', 'hookwell prune'],
  ['prune: events', 'stored_at < $1'],
  ['prune: subscriptions', 'health_since < $1'],
  ['prune: partitions', 'json_build_array(case when not exists'],
  ['look at partitions', 'pg_inherits'],
  ['start', 'server_version_num'],
  ['start', '.migrations'],
  ['start', '"migrations"'],
  ['start', 'to_regclass($1'],
  ['listen', 'listen '],
  ['notify', 'notify'],
  ['begin', 'begin '],
  ['commit', 'commit'],
  ['rollback', 'rollback'],
];

/**
 * Counts what is sent on the connections of a pool, by kind, whoever sends it. Commands that go in one text count one by
 * one.
 */
export function countStatements(pool: Pool): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown;
    const counting = (...given: readonly unknown[]): unknown => {
      const [first] = given;
      const text = typeof first === 'string' ? first : (first as { readonly text: string }).text;
      for (const command of commandsIn(text)) {
        const kind = kindOf(command);
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      return query(...given);
    };
    Object.assign(client, { query: counting });
  });
  return counts;
}

/** The sum over all kinds. */
export function sumOf(statements: Readonly<Record<string, number>>): number {
  return Object.values(statements).reduce((sum, count) => sum + count, 0);
}

/** The storage writes no semicolon inside a statement. */
function commandsIn(text: string): readonly string[] {
  return text.split(';').filter((command) => command.trim() !== '');
}

function kindOf(text: string): string {
  return marks.find(([, mark]) => text.includes(mark))?.[0] ?? text.trim().replaceAll(/\s+/g, ' ').slice(0, 40);
}
