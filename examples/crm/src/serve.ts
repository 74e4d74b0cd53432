import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '@hookwell/core';
import type { Settings } from './arguments.ts';
import { createCrm, type Crm, type EventName } from './crm.ts';
import { explain, openDatabase } from './database.ts';
import { sessions } from './page/session.ts';
import { createApp } from './routes.ts';
import { serveWebhooks } from './serve-webhooks.ts';
import { UsageError } from './usage-error.ts';
import { createWebhooks, type WebhookOptions } from './webhooks.ts';

/** What the settings of a start do not say. */
export type ServeOptions = Pick<WebhookOptions, 'processName'>;

/** A CRM that answers requests and delivers. */
export interface RunningCrm {
  readonly url: string;
  readonly crm: Crm;
  readonly engine: Engine<EventName>;
  /** Ends gracefully: no new requests, those in flight answered, deliveries in flight recorded, files closed. */
  readonly stop: () => Promise<void>;
  /** How often a process that ended by itself was started again. */
  readonly restarts: () => number;
  /** Rejects when processes end so often that it gave up. */
  readonly broken: Promise<never>;
}

/**
 * Opens the database, starts the engine and listens, in this order, and takes all of it back if one of them fails.
 * @throws {UsageError} when the port or the database cannot be used
 */
export async function serve(settings: Settings, options: ServeOptions = {}): Promise<RunningCrm> {
  const folder = settings.database === null ? mkdtempSync(join(tmpdir(), 'hookwell-crm-')) : null;
  const filename = settings.database ?? join(folder ?? '', 'crm.sqlite');
  const closing: (() => unknown)[] = [];
  if (folder !== null) closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const stop = async () => {
    for (let step = closing.pop(); step; step = closing.pop()) await step();
  };
  try {
    const database = await openDatabase(filename);
    closing.push(database.close);
    const webhooks = createWebhooks(database, { ...settings, ...options });
    const { engine } = webhooks;
    engine.events.on('error', (error) => console.error('webhooks:', error));
    engine.events.on('subscription:suspended', ({ subscription, reason, next }) => {
      console.error(`webhooks: subscription ${subscription.id} is suspended (${reason}): ${next}`);
    });
    closing.push(engine.stop);
    await engine.start();
    const crm = createCrm(database, engine);
    const context = { crm, credentials: settings.credentials, sessions: sessions(settings.password) };
    const app = createApp(context, serveWebhooks(webhooks, context));
    const server = createServer(app);
    await listen(server, settings.port);
    closing.push(async () => close(server));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, crm, engine, stop, restarts: () => 0, broken: new Promise(() => {}) };
  } catch (error) {
    await stop();
    throw explain(error, filename);
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') {
      reject(new UsageError(`Port ${port} is in use. Choose another with --port, or leave it out for a free one.`));
    } else if (error.code === 'EACCES') {
      reject(new UsageError(`Port ${port} needs more rights than you have. Choose one from 1024 up with --port.`));
    } else reject(error);
  });
  server.listen(port, '127.0.0.1', resolve);
  return promise;
}

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  return promise;
}
