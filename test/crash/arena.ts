import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { httpTransport } from '@hookwell/adapters/http';
import { createEngine, ontraportCatalog } from '@hookwell/core';
import { monotonicMs, subscriptionsOf, type Arrival, type Evidence, type Fault, type SignedNote } from './evidence.ts';
import { hostDatabase, type Whereabouts } from './host-database.ts';
import { NotebookReader } from './notebook.ts';
import { startOwnPostgres, type OwnPostgres } from './own-postgres.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { feelPulse, type Pulse } from './pulse.ts';
import { Nursery, type Victim } from './victim.ts';
import { postgresWitness, sqliteWitness, type Witness } from './witness.ts';

/** Which database a run is on. */
export type StorageName = 'postgres' | 'sqlite';

/** How the engines of a run are set: short leases, so that what the dead have left is taken over soon. */
export interface Pace {
  readonly leaseMs: number;
  readonly deadlineMs: number;
  /** How long the log is kept. */
  readonly keepMs: number;
  readonly everyMs: number;
  readonly victims: number;
}

/** A schema or a file that victims share. */
export interface Place {
  readonly name: string;
  readonly where: Whereabouts;
  readonly witness: Witness;
}

/** Where a victim lives: whoever dies here is followed by another. */
export interface Slot {
  victim: Victim;
  readonly proxy: Proxy | null;
  /** Whether a fault is at work on it. */
  busy: boolean;
}

const receiverProgram = fileURLToPath(new URL('receiver-process.ts', import.meta.url));
/** How long what is in the queue may take once all faults are over, beside the lease, in milliseconds. */
const drainMs = 15_000;
const auditEveryMs = 1_000;

/** Everything that a run is made of: the receiver, the server, the victims, and what they leave behind. */
export class Arena {
  readonly storage: StorageName;
  readonly pace: Pace;
  readonly nursery: Nursery;
  readonly server: OwnPostgres | null;
  readonly slots: Slot[] = [];
  readonly faults: Fault[] = [];
  /** Victims that ended when they should not have. */
  readonly troubles: string[] = [];
  readonly #folder: string;
  readonly #receiver: ChildProcess;
  readonly #receiverUrl: string;
  readonly #ledger: NotebookReader<Arrival>;
  readonly #places: Place[] = [];
  readonly #arrivals: Arrival[] = [];
  readonly #notes: SignedNote[] = [];
  readonly #stored = new Set<string>();
  #unseen: Arrival[] = [];
  #unfinished: string[] = [];
  #endedTwice = new Set<string>();
  #auditing: Promise<void> | undefined;
  #auditTimer: NodeJS.Timeout | undefined;
  #pulse: Pulse | undefined;

  private constructor(made: {
    readonly storage: StorageName;
    readonly pace: Pace;
    readonly folder: string;
    readonly server: OwnPostgres | null;
    readonly receiver: ChildProcess;
    readonly receiverUrl: string;
  }) {
    this.storage = made.storage;
    this.pace = made.pace;
    this.server = made.server;
    this.#folder = made.folder;
    this.#receiver = made.receiver;
    this.#receiverUrl = made.receiverUrl;
    this.#ledger = new NotebookReader(join(made.folder, 'ledger.jsonl'));
    this.nursery = new Nursery(made.folder, made.pace);
  }

  /** Opens everything, and lets the victims loose. */
  static async open(storage: StorageName, pace: Pace, folder: string, seed: number): Promise<Arena> {
    const receiver = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', receiverProgram, join(folder, 'ledger.jsonl'), String(seed)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const [line] = (await once(receiver.stdout.setEncoding('utf8'), 'data')) as [string];
    const server = storage === 'postgres' ? await startOwnPostgres() : null;
    const arena = new Arena({ storage, pace, folder, server, receiver, receiverUrl: line.trim() });
    const main = await arena.found();
    await arena.subscribe(main);
    for (let index = 0; index < pace.victims; index += 1) {
      const proxy = server ? await openProxy(server.port) : null;
      arena.slots.push({ victim: arena.#spawn(main, proxy), proxy, busy: false });
    }
    await Promise.all(arena.slots.map(async ({ victim }) => arena.#born(victim)));
    arena.#auditTimer = setInterval(() => void arena.audit(), auditEveryMs);
    if (server) arena.#pulse = await feelPulse(server.url, (from, to) => arena.fault('server-stalled', null, from, to));
    return arena;
  }

  /** Makes a place, empty but for what its first engine will make. */
  async found(): Promise<Place> {
    const name = `place${this.#places.length}`;
    const place =
      this.server === null
        ? {
            name,
            where: { storage: 'sqlite', file: join(this.#folder, `${name}.sqlite`) } as const,
            witness: sqliteWitness(name, join(this.#folder, `${name}.sqlite`)),
          }
        : {
            name,
            where: { storage: 'postgres', url: this.server.url, schema: name } as const,
            witness: postgresWitness(name, this.server.url, name),
          };
    this.#places.push(place);
    return place;
  }

  /** Subscribes to all topics of a place, through an engine of this process. */
  async subscribe({ name, where }: Pick<Place, 'name' | 'where'>): Promise<void> {
    const host = hostDatabase(where, 'subscriber', () => undefined);
    await host.prepare();
    const engine = createEngine({
      storage: host.storage,
      transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
      catalog: ontraportCatalog,
    });
    await engine.start({ deliver: false });
    for (const { topic, path, ordering } of subscriptionsOf(name)) {
      // What shares a CRM record with others is told apart by its name.
      const format = ordering === 'none' ? 'notify' : 'full';
      await engine.subscriptions.create({ accountId: 1, url: this.#receiverUrl + path, topic, format, ordering });
    }
    await engine.stop();
    await host.close();
  }

  /** Replaces the victim of a slot, which is dead or dying, and waits until the new one works. */
  async replace(slot: Slot): Promise<void> {
    await slot.victim.ended;
    const [main] = this.#places;
    if (!main) throw new Error('there is no place yet');
    for (let tries = 0; ; tries += 1) {
      slot.victim = this.#spawn(main, slot.proxy);
      if (await this.#born(slot.victim)) return;
      if (tries === 5) throw new Error(`no victim starts any more: ${slot.victim.stderr}`);
    }
  }

  /** Writes a fault down. */
  fault(kind: string, holder: string | null, from: number, to: number): void {
    this.faults.push({ kind, holder, from, to });
  }

  /** Lets everything that is under way come to its end, and looks what is left. */
  async drain(): Promise<void> {
    const living = this.nursery.all.filter(({ hasEnded }) => !hasEnded);
    await Promise.all(living.map(async (victim) => victim.hold()));
    const until = monotonicMs() + this.pace.leaseMs + drainMs;
    do {
      this.#unfinished = (await Promise.all(this.#places.map(async ({ witness }) => witness.unfinished()))).flat();
      if (this.#unfinished.length === 0) break;
      await pause(50);
    } while (monotonicMs() < until);
    await this.audit();
    for (const { witness } of this.#places) for (const delivery of await witness.endedTwice()) this.#endedTwice.add(delivery);
  }

  /** Goes on after a drain. */
  go(): void {
    for (const { victim } of this.slots) victim.order({ order: 'go' });
  }

  /** Looks whether what has arrived is in the database, before the log forgets it. */
  async audit(): Promise<void> {
    this.#auditing ??= this.#audit().finally(() => {
      this.#auditing = undefined;
    });
    await this.#auditing;
  }

  /** Everything that is known by now. */
  async evidence(): Promise<Evidence> {
    await this.audit();
    this.#notes.push(...this.nursery.notes());
    const committed = (await Promise.all(this.#places.map(async ({ witness }) => witness.committed()))).flat();
    return {
      leaseMs: this.pace.leaseMs,
      deadlineMs: this.pace.deadlineMs,
      arrivals: this.#arrivals,
      notes: this.#notes,
      faults: this.faults,
      committed: new Set(committed),
      stored: this.#stored,
      endedTwice: [...this.#endedTwice],
      unfinished: this.#unfinished,
    };
  }

  get main(): Place {
    return this.#places[0] as Place;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    clearInterval(this.#auditTimer);
    await this.nursery.killAll();
    await this.#auditing;
    await this.#pulse?.stop();
    for (const { witness } of this.#places) await witness.close();
    for (const { proxy } of this.slots) await proxy?.close();
    await this.server?.stop();
    this.#receiver.stdin?.end();
    await once(this.#receiver, 'close');
  }

  async #audit(): Promise<void> {
    const arrivals = this.#ledger.read();
    this.#arrivals.push(...arrivals);
    this.#unseen.push(...arrivals.filter(({ delivery }) => !this.#stored.has(delivery)));
    for (const { name, witness } of this.#places) {
      const ids = new Set(this.#unseen.filter(({ path }) => path.startsWith(`/${name}/`)).map(({ delivery }) => delivery));
      // A server that is down just now is asked again the next time.
      const found = ids.size === 0 ? [] : await witness.stored([...ids]).catch(() => []);
      for (const id of found) this.#stored.add(id);
    }
    this.#unseen = this.#unseen.filter(({ delivery }) => !this.#stored.has(delivery));
  }

  #spawn({ name, where }: Place, proxy: Proxy | null): Victim {
    if (where.storage === 'sqlite' || !proxy) return this.nursery.start(name, where);
    const url = new URL(where.url);
    url.port = String(proxy.port);
    return this.nursery.start(name, { ...where, url: url.href });
  }

  /** Waits until a victim works; tells false when it ended before, which a server that is down explains. */
  async #born(victim: Victim): Promise<boolean> {
    const ready = await victim.hear('ready', 60_000);
    if (!ready) {
      victim.doomed = true;
      victim.signal('SIGKILL');
      await victim.ended;
      return false;
    }
    void victim.ended.then(({ code, signal }) => {
      if (!victim.doomed) this.troubles.push(`${victim.holder} ended by itself (${signal ?? code}): ${victim.stderr}`);
    });
    return true;
  }
}
