import { registerSharedWorker } from 'ava/plugin';

/**
 * The URL of a PostgreSQL server for tests, with the right to make databases and roles: the one that the variable
 * HOOKWELL_TEST_POSTGRES_URL names, else one that runs for as long as AVA does.
 */
export async function postgresServer(): Promise<string> {
  const given = process.env['HOOKWELL_TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') return given;
  const worker = registerSharedWorker({
    filename: new URL('postgres-shared-worker.ts', import.meta.url),
    supportedProtocols: ['ava-4'],
  });
  await worker.available;
  for await (const reply of worker.publish('url').replies()) return reply.data as string;
  throw new Error('the PostgreSQL server for the tests is gone');
}
