import { Client, type ClientConfig } from 'pg';

/** What tells the storage's statements apart: a few words of each that no other has. */
const marks: readonly (readonly [kind: string, mark: string])[] = [
  ['claim', 'for update skip locked\n        ) as free'],
  ['claim: set waiting', '"set_waiting"'],
  ['record', 'given_back as'],
  ['release', 'released as'],
  ['store', 'queued as'],
  ['find subscriptions', 'k (account_id text, topic text)'],
  ['next due', 'walk (id, next_at)'],
  ['cut: look', 'counted as ('],
  ['replays: next', "'nextInMs'"],
  ['prune: log', 'with recursive wanted'],
  ['prune: log', 'hookwell prune'],
  ['prune: events', 'stored_at < $1'],
  ['prune: subscriptions', 'health_since < $1'],
  ['prune: partitions', 'json_build_array(case when not exists'],
  ['look at partitions', 'pg_inherits'],
  ['start', 'server_version_num'],
  ['start', '.migrations'],
  ['start', '"migrations"'],
  ['start', 'to_regclass($1'],
  ['listen', 'listen "'],
  ['announce', 'pg_notify'],
  ['begin', 'begin '],
  ['commit', 'commit'],
  ['rollback', 'rollback'],
];

/** How many statements of each kind were sent, by whoever did, on the connections of {@link CountingClient}. */
export const statements = new Map<string, number>();

/** A client that counts what it sends. Commands that go in one text count one by one. */
export class CountingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...given: readonly unknown[]) => unknown;
    const counting = (...given: readonly unknown[]): unknown => {
      const [first] = given;
      const text = typeof first === 'string' ? first : (first as { readonly text: string }).text;
      for (const command of commandsIn(text)) {
        const kind = kindOf(command);
        statements.set(kind, (statements.get(kind) ?? 0) + 1);
      }
      return query(...given);
    };
    Object.assign(this, { query: counting });
  }
}

/** The sum over all kinds. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The storage writes no semicolon inside a statement. */
function commandsIn(text: string): readonly string[] {
  return text.split(';').filter((command) => command.trim() !== '');
}

function kindOf(text: string): string {
  return marks.find(([, mark]) => text.includes(mark))?.[0] ?? text.trim().replaceAll(/\s+/g, ' ').slice(0, 40);
}
