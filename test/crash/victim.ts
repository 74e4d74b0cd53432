import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { monotonicMs, type Note, type SignedNote } from './evidence.ts';
import { NotebookReader } from './notebook.ts';
import type { Whereabouts } from './host-database.ts';
import type { PointName } from './points.ts';
import type { VictimConfig, VictimOrder, VictimWord } from './victim-process.ts';

const program = fileURLToPath(new URL('victim-process.ts', import.meta.url));

/** How a victim ended: when, and by its own words or not. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** When it died at a point, as it said itself; else when that was seen. */
  readonly at: number;
  readonly point: PointName | null;
}

/** One process of a host, from its start to its end. */
export class Victim {
  readonly holder: string;
  readonly #child: ChildProcess;
  readonly #reader: NotebookReader<Note>;
  readonly #place: string;
  #words: VictimWord[] = [];
  #onWord: (() => void)[] = [];
  #stderr = '';
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  /** Whether it is meant to end, or may: everything else is trouble. */
  doomed = false;
  hasEnded = false;

  /** @param child a process that has loaded what it needs, and waits for its configuration */
  constructor(child: ChildProcess, config: VictimConfig, place: string) {
    this.holder = config.holder;
    this.#place = place;
    this.#reader = new NotebookReader(config.notes);
    this.#child = child;
    child.stdin?.write(`${JSON.stringify(config)}\n`);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-5_000);
    });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#words.push(JSON.parse(line) as VictimWord);
        this.#tell();
      });
    }
    // When the last of its output was read, so that what it said in dying is known.
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      this.hasEnded = true;
      this.#tell();
      const dying = this.#words.find((word) => word.said === 'dying');
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        at: dying?.at ?? monotonicMs(),
        point: dying?.point ?? null,
      };
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What it has noted since the last time. */
  notes(): SignedNote[] {
    const { holder } = this;
    const place = this.#place;
    return this.#reader.read().map((note) => Object.assign(note, { holder, place }));
  }

  order(order: VictimOrder): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the next such word; answers false when it ended without it, or the time was over. */
  async hear(said: VictimWord['said'], withinMs: number): Promise<boolean> {
    const until = monotonicMs() + withinMs;
    for (;;) {
      const index = this.#words.findIndex((word) => word.said === said);
      if (index >= 0) {
        this.#words.splice(index, 1);
        return true;
      }
      if (this.hasEnded || monotonicMs() >= until) return false;
      await this.#nextWord(until - monotonicMs());
    }
  }

  /** Tells it to create nothing more, and waits until it does not. */
  async hold(): Promise<void> {
    this.#words = this.#words.filter(({ said }) => said !== 'held');
    this.order({ order: 'hold' });
    if (!(await this.hear('held', 60_000))) throw new Error(`${this.holder} did not come to a hold. ${this.#stderr}`);
  }

  #tell(): void {
    const listeners = this.#onWord;
    this.#onWord = [];
    for (const listener of listeners) listener();
  }

  async #nextWord(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onWord.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** How a victim begins. */
export type Birth = Partial<Pick<VictimConfig, 'idle' | 'diesAt'>>;

/** Makes the victims of one place, each with a name and records of its own. */
export class Nursery {
  readonly #folder: string;
  readonly #config: Omit<VictimConfig, 'holder' | 'where' | 'notes' | 'firstRecord' | 'idle' | 'diesAt'>;
  readonly all: Victim[] = [];
  /** The next one, which is loading meanwhile: most of the time that a victim takes to start goes into that. */
  #spare: ChildProcess;

  constructor(folder: string, config: Omit<VictimConfig, 'holder' | 'where' | 'notes' | 'firstRecord' | 'idle' | 'diesAt'>) {
    this.#folder = folder;
    this.#config = config;
    this.#spare = this.#load();
  }

  start(place: string, where: Whereabouts, { idle = false, diesAt = null }: Birth = {}): Victim {
    const number = this.all.length + 1;
    const holder = `v${number}`;
    const config = {
      ...this.#config,
      holder,
      where,
      notes: join(this.#folder, `${holder}.jsonl`),
      firstRecord: number * 1_000_000,
      idle,
      diesAt,
    };
    const victim = new Victim(this.#spare, config, place);
    this.#spare = this.#load();
    this.all.push(victim);
    return victim;
  }

  /** What all of them have noted since the last time. */
  notes(): SignedNote[] {
    return this.all.flatMap((victim) => victim.notes());
  }

  /** Ends all that live. */
  async killAll(): Promise<void> {
    for (const victim of this.all) {
      victim.doomed = true;
      if (!victim.hasEnded) victim.signal('SIGKILL');
    }
    this.#spare.kill('SIGKILL');
    await Promise.all(this.all.map(async ({ ended }) => ended));
  }

  #load(): ChildProcess {
    const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.#folder, 'compiled') },
    });
    child.stdin.on('error', () => undefined);
    return child;
  }
}
