import { readdirSync } from 'node:fs';
import type { Open } from './host.ts';

/** The hosts on PostgreSQL and on SQLite, by the names of their files: a library is added by adding one. */
export async function findHosts(database: 'postgres' | 'sqlite'): Promise<ReadonlyMap<string, Open>> {
  const folder = new URL(`${database}/`, import.meta.url);
  const hosts = new Map<string, Open>();
  for (const file of readdirSync(folder).toSorted()) {
    const { open } = (await import(new URL(file, folder).href)) as { readonly open: Open };
    hosts.set(file.replace(/\.ts$/, ''), open);
  }
  return hosts;
}
