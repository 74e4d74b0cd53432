import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { postgresStorage } from '@hookwell/adapters/postgres';
import type { ExecutionContext } from 'ava';
import type { TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { subscriptionCount, topicOf } from './processes-load.ts';
import type { ProcessAccount, ProcessAnswer, ProcessOrder, ProcessSetting } from './processes-process.ts';

/** A process, and what it can be told. */
export interface Member {
  readonly name: string;
  /** Resolves once it has begun to deliver, or only to accept. */
  readonly start: (options?: { readonly deliver?: boolean }) => Promise<void>;
  /** Resolves once so many events are stored. */
  readonly emit: (first: number, count: number) => Promise<void>;
  /** What it has done until now. */
  readonly account: () => Promise<ProcessAccount>;
  /** Stops its engine, resolves once that has ended, and ends the process. */
  readonly stop: () => Promise<ProcessAccount>;
  /** Ends it with SIGKILL; resolves once the database has noticed, too. */
  readonly kill: () => Promise<void>;
}

/** A receiver, and all that reached it. */
export interface Arrivals {
  readonly url: string;
  /** Who sent each delivery, in the order of arrival. */
  readonly sendersOf: ReadonlyMap<string, readonly string[]>;
  /** How many deliveries arrived from a sender first. */
  readonly firstFrom: (name: string) => number;
  /** Resolves as soon as that holds, looked at whenever something arrives. */
  readonly until: (holds: () => boolean) => Promise<void>;
}

/** Starts a receiver that answers 200 and goes by the headers alone. */
export async function startReceiver(t: ExecutionContext): Promise<Arrivals> {
  const sendersOf = new Map<string, string[]>();
  const first = new Map<string, number>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    const sender = String(request.headers['x-sender']);
    const senders = sendersOf.get(id);
    if (senders) senders.push(sender);
    else {
      sendersOf.set(id, [sender]);
      first.set(sender, (first.get(sender) ?? 0) + 1);
    }
    request.resume();
    response.writeHead(200, { 'content-length': '0' }).end();
    for (const look of waiting) look();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', 511);
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    sendersOf,
    firstFrom: (name) => first.get(name) ?? 0,
    async until(holds) {
      if (holds()) return;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
  };
}

/** Makes the tables of a schema with {@link subscriptionCount} subscriptions, one to each topic. */
export async function makeSchema({ behind }: TestDatabase, schema: string, url: string): Promise<void> {
  const storage = postgresStorage({ pool: behind, schema });
  await storage.start({ now: Date.now });
  for (let number = 1; number <= subscriptionCount; number += 1) {
    await storage.createSubscription({
      accountId: '7',
      url: url + number,
      topic: topicOf(number),
      format: 'notify',
      encoding: 'json',
      data: '',
      attributes: {},
    });
  }
  await storage.stop();
}

/** Starts processes on a schema, each with an engine that has not been started, and kills what is left of them in the end. */
export async function startFleet(
  t: ExecutionContext,
  database: TestDatabase,
  names: readonly string[],
  setting: Pick<ProcessSetting, 'schema' | 'leaseMs' | 'totalMs'>,
): Promise<readonly Member[]> {
  return Promise.all(names.map(async (name) => startMember(t, database, { ...setting, name, url: database.url })));
}

async function startMember(t: ExecutionContext, { behind }: TestDatabase, setting: ProcessSetting): Promise<Member> {
  const file = fileURLToPath(new URL('processes-process.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(setting)], {
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const gone = ended.then(([code, signal]) => Promise.reject(new Error(`process ${setting.name} ended: ${code} ${signal}`)));
  gone.catch(() => undefined);
  const answer = async (): Promise<ProcessAnswer> => {
    const [told] = (await Promise.race([once(child, 'message'), gone])) as [ProcessAnswer];
    return told;
  };
  const ask = async (order: ProcessOrder): Promise<ProcessAnswer> => {
    const answered = answer();
    child.send(order);
    return answered;
  };
  await answer();
  return {
    name: setting.name,
    start: async ({ deliver = true } = {}) => void (await ask({ type: 'start', deliver })),
    emit: async (first, count) => void (await ask({ type: 'emit', first, count })),
    account: async () => (await ask({ type: 'tell' })) as ProcessAccount,
    async stop() {
      const account = (await ask({ type: 'stop' })) as ProcessAccount;
      const [code, signal] = (await ended) as readonly unknown[];
      if (code !== 0) throw new Error(`process ${setting.name} ended with ${String(code ?? signal)} after it was stopped`);
      return account;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      // What it had sent to the database before is done there without it.
      const connections = 'select count(*)::integer as count from pg_stat_activity where application_name = $1';
      for (let count = 1; count > 0;) {
        const { rows } = await behind.query<{ count: number }>(connections, [setting.name]);
        count = rows[0]?.count ?? 0;
      }
    },
  };
}
