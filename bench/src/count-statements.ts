import { Client } from 'pg';

let counted = 0;
let isCounting = false;

/**
 * What this process has asked of PostgreSQL until now, by whatever library: all of them have the same `pg` below. Begin and
 * commit count, too, because each is a way to the server and back.
 */
export function statementsUntilNow(): number {
  if (!isCounting) {
    isCounting = true;
    const client = Client.prototype as { query: (this: Client, ...args: unknown[]) => unknown };
    const { query } = client;
    client.query = function count(...args) {
      counted += 1;
      return query.apply(this, args);
    };
  }
  return counted;
}
