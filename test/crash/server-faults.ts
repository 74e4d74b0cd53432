import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Arena, Slot } from './arena.ts';
import { monotonicMs } from './evidence.ts';
import type { FaultContext, FaultKind } from './faults.ts';
import type { OwnPostgres } from './own-postgres.ts';
import { losses, type Proxy } from './proxy.ts';

const postgresOnly = ['postgres'] as const;
/** How long an answer may take to come by that can be lost. */
const patienceMs = 8_000;

function serverOf({ server }: Arena): OwnPostgres {
  if (!server) throw new Error('this storage has no server');
  return server;
}

function proxyOf({ proxy }: Slot): Proxy {
  if (!proxy) throw new Error('this storage is reached through no proxy');
  return proxy;
}

/** Stops all processes of the server, for a moment or for longer than a lease. */
const freeze: FaultKind = {
  name: 'server-frozen',
  storages: postgresOnly,
  takes: 'server',
  async run({ arena, random }) {
    const from = monotonicMs();
    await serverOf(arena).freeze();
    await pause(random() < 0.5 ? 300 + random() * 700 : arena.pace.leaseMs * (0.9 + random() * 0.4));
    await serverOf(arena).thaw();
    arena.fault('server-frozen', null, from, monotonicMs());
  },
};

/** Shuts the server down as a crash does, and starts it again. */
const crash: FaultKind = {
  name: 'server-restarted',
  storages: postgresOnly,
  takes: 'server',
  async run({ arena, random }) {
    await pause(random() * 200);
    const from = monotonicMs();
    await serverOf(arena).crash();
    arena.fault('server-restarted', null, from, monotonicMs());
  },
};

/** Has the server end every connection, as an administrator does. */
const terminate: FaultKind = {
  name: 'backends-terminated',
  storages: postgresOnly,
  takes: 'server',
  async run({ arena }) {
    const client = new Client({ connectionString: serverOf(arena).url });
    await client.connect();
    const from = monotonicMs();
    try {
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> 'witness'`,
      );
    } finally {
      await client.end();
    }
    arena.fault('backends-terminated', null, from, monotonicMs());
  },
};

/** Cuts all connections of a victim. */
const cut: FaultKind = {
  name: 'connections-cut',
  storages: postgresOnly,
  takes: 'victim',
  async run({ arena, slot, random }) {
    await pause(random() * 200);
    const from = monotonicMs();
    proxyOf(slot).cut();
    arena.fault('connections-cut', slot.victim.holder, from, monotonicMs());
  },
};

/** Lets nothing through between a victim and the server, while both think that they are connected, and cuts then. */
const block: FaultKind = {
  name: 'connections-blocked',
  storages: postgresOnly,
  takes: 'victim',
  async run({ arena, slot, random }) {
    const proxy = proxyOf(slot);
    const from = monotonicMs();
    proxy.block();
    await pause(arena.pace.leaseMs * (0.3 + random() * 0.9));
    if (random() < 0.5) proxy.cut();
    proxy.open();
    arena.fault('connections-blocked', slot.victim.holder, from, monotonicMs());
  },
};

/** Loses the answer of the next such statement, which the server has carried out. */
const lose = (what: keyof typeof losses): FaultKind => ({
  name: `${what}-answer-lost`,
  storages: postgresOnly,
  takes: 'victim',
  async run({ arena, slot }: FaultContext) {
    const calledOff = new AbortController();
    const timer = setTimeout(() => calledOff.abort(), patienceMs);
    const from = await proxyOf(slot).loseAnswer(losses[what], calledOff.signal);
    clearTimeout(timer);
    if (from === null) return 'nothing was lost';
    arena.fault(`${what}-answer-lost`, slot.victim.holder, from, monotonicMs());
    return undefined;
  },
});

/** Faults of the server, and of the way to it. */
export const serverFaults: readonly FaultKind[] = [
  freeze,
  crash,
  terminate,
  cut,
  block,
  lose('commit'),
  lose('store'),
  lose('record'),
  lose('claim'),
];
