import { createHash } from 'node:crypto';
import type { PostgresConnection, PostgresNotification, PostgresPool } from './driver.ts';
import { lend } from './connection.ts';
import { storageError } from './storage-error.ts';

/** Pauses between attempts to have a connection again, in milliseconds; the last one from then on. */
const pausesMs = [100, 500, 2_000, 10_000, 30_000];

/** The channel on which processes tell each other of a schema; PostgreSQL allows names of 63 bytes. */
export function channelOf(schema: string): string {
  return `hookwell_${createHash('sha1').update(schema).digest('hex').slice(0, 16)}`;
}

/** What a listener works with. */
export interface ListenerContext {
  readonly pool: PostgresPool;
  readonly channel: string;
  /** What this process signs its own announcements with, which it does not want to hear. */
  readonly self: string;
  /** Is called for each announcement of others, and when there may have been one that was not heard. */
  readonly onHeard: () => void;
}

/**
 * A connection of the listener's own, made as the pool makes those that it lends: one that was lent for good would be
 * missing to the host. Only a pool that does not say how has to lend one.
 */
async function connectTo(pool: PostgresPool): Promise<{ readonly client: PostgresConnection; readonly close: () => void }> {
  if (!pool.Client || !pool.options) {
    const ignore = (): void => undefined;
    const lent = await lend(pool, ignore);
    const close = (): void => {
      lent.off('error', ignore);
      lent.release(true);
    };
    return { client: lent, close };
  }
  const client = new pool.Client(pool.options);
  // What goes wrong before and after it is listened to is heard by nobody else, and would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => void client.end().catch(() => undefined) };
}

/** Hears what other processes announce, on a connection that is kept for it; gets another when that is lost. */
export class Listener {
  readonly #context: ListenerContext;
  #hangUp: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #losses = 0;
  #stopped = false;

  constructor(context: ListenerContext) {
    this.#context = context;
  }

  /** @throws {HookwellError} `storage_busy`, `storage_failed` */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#hangUp?.();
  }

  async #listen(): Promise<void> {
    const { pool, channel, self, onHeard } = this.#context;
    try {
      const { client, close } = await connectTo(pool);
      const hear = ({ payload }: PostgresNotification): void => {
        if (payload !== self) onHeard();
      };
      const hangUp = (): void => {
        this.#hangUp = undefined;
        client.off('notification', hear);
        client.off('end', lose);
        client.off('error', lose);
        close();
      };
      const lose = (): void => {
        hangUp();
        this.#listenAgain();
      };
      client.on('notification', hear);
      client.on('error', lose);
      client.on('end', lose);
      this.#hangUp = hangUp;
      await client.query({ text: `listen "${channel}"`, values: [], rowMode: 'array', types: { getTypeParser: () => String } });
      // Hearing of others keeps no process alive.
      client.unref?.();
    } catch (error) {
      this.#hangUp?.();
      throw storageError(error);
    }
    if (this.#stopped) this.#hangUp?.();
  }

  #listenAgain(): void {
    if (this.#stopped) return;
    const pauseMs = pausesMs[Math.min(this.#losses, pausesMs.length - 1)];
    this.#losses += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#listen().then(
        () => {
          this.#losses = 0;
          if (!this.#stopped) this.#context.onHeard();
        },
        () => this.#listenAgain(),
      );
    }, pauseMs);
    this.#timer.unref();
  }
}
