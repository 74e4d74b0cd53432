import type { Pool } from 'pg';
import type { TestDatabase } from './postgres-fixture.ts';

/** Roles as a managed server has them, where nobody is a superuser, and pools that log in with them. */
export interface Roles {
  /** Owns the schema. */
  readonly owner: string;
  readonly owners: Pool;
  /** In which the calls of an account run; it cannot log in. */
  readonly account: string;
  /** Of a login that may become that role, and nothing else. */
  readonly accounts: Pool;
  /** Where that login is, for other pools. */
  readonly accountsUrl: string;
}

/** Makes them, and an empty schema of the owner's. */
export async function rolesFor(database: TestDatabase, schema: string): Promise<Roles> {
  const owner = await database.role("login password 'owner'");
  const login = await database.role("login password 'login'");
  const account = await database.role('nologin');
  await database.behind.query(`grant ${account} to ${owner}, ${login}; create schema "${schema}" authorization ${owner}`);
  const accountsUrl = loginUrl(database, login, 'login');
  return {
    owner,
    owners: database.pool({ connectionString: loginUrl(database, owner, 'owner') }),
    account,
    accounts: database.pool({ connectionString: accountsUrl }),
    accountsUrl,
  };
}

/** Where a role logs in. */
export function loginUrl(database: TestDatabase, role: string, password: string): string {
  const url = new URL(database.url);
  url.username = role;
  url.password = password;
  return url.href;
}
