import type { StorageHarness } from '@hookwell/core/testing';
import { Client } from 'pg';
import { postgresStorage, type PostgresPool, type PostgresStorageOptionsInput } from '../src/postgres/index.ts';
import { moveClock, type TestDatabase } from './postgres-fixture.ts';

let harnesses = 0;

/** What a harness is made with. */
export interface HarnessOptions {
  readonly database: TestDatabase;
  /** The pool of the storages: one that gives up waiting for locks, since the storage leaves that to the host. */
  readonly pool: PostgresPool;
  /** As the options of the storage. */
  readonly prepare?: boolean;
  readonly rowLevelSecurity?: PostgresStorageOptionsInput['rowLevelSecurity'];
}

/** Schemas of the test's own, with a clock that the test moves. */
export function postgresHarness({ database, pool, prepare = true, rowLevelSecurity }: HarnessOptions): StorageHarness {
  harnesses += 1;
  const prefix = `test_${harnesses}`;
  const schemas = new Set<string>();
  const schemaOf = (place: string): string => {
    const schema = `${prefix}_${place}`;
    schemas.add(schema);
    return schema;
  };
  let movedMs = 0;
  return {
    createStorage: (place) =>
      postgresStorage({ pool, schema: schemaOf(place), prepare, ...(rowLevelSecurity ? { rowLevelSecurity } : {}) }),
    clock: {
      spanMs: 60_000,
      async pass(ms) {
        movedMs += ms;
        for (const schema of schemas) await moveClock(database.behind, schema, movedMs);
      },
    },
    async begin() {
      const within = new Client({ connectionString: database.url });
      await within.connect();
      await within.query('begin');
      const end = async (how: 'commit' | 'rollback') => {
        await within.query(how);
        await within.end();
      };
      return { within, commit: async () => end('commit'), rollback: async () => end('rollback') };
    },
    async lock(place) {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(`begin; lock table "${schemaOf(place)}".deliveries in exclusive mode`);
      return async () => client.end();
    },
    unsupported: {},
  };
}
