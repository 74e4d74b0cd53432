/**
 * What a fragment in a guide needs around it to be a module, by the names that a comment `<!-- with: engine, express -->`
 * right before its fence can list. They are put in front of the fragment in the order of the list.
 */
export const exampleContext: Readonly<Record<string, string>> = {
  storage: `
import { sqliteStorage } from '@hookwell/adapters/sqlite';
const storage = sqliteStorage({ filename: 'webhooks.db' });
`,
  adapters: `
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
const storage = sqliteStorage({ filename: 'webhooks.db' });
const transports = [httpTransport()];
`,
  engine: `
import type { Engine } from '@hookwell/core';
declare const engine: Engine<'object_create' | 'object_submits_form' | 'sub_tag' | 'unsub_tag'>;
`,
  server: `
import type { Server } from 'node:http';
declare const server: Server;
`,
  accounts: `
interface User { readonly id: number; readonly accountId: number; readonly keyDigest: Buffer; readonly isAdmin: boolean }
declare const users: { findByAppId(appId: string): Promise<User | undefined> };
`,
  log: `
declare function log(level: 'info' | 'warn' | 'error', message: string): void;
`,
  express: `
import express from 'express';
const app = express();
`,
  webhookHost: `
import type { Authenticate, AuthenticateVisitor } from '@hookwell/express-plugin';
declare const authenticate: Authenticate;
declare const sessionOf: AuthenticateVisitor;
`,
  signedRequest: `
import type { IncomingMessage } from 'node:http';
declare const request: IncomingMessage;
declare const body: Buffer;
declare const newSecret: string;
declare const oldSecret: string;
`,
  myTransport: `
import type { TransportAdapter } from '@hookwell/core';
declare function myTransport(options: { deadlineMs: number }): TransportAdapter;
`,
  prisma: `
interface TransactionClient { $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown> }
`,
};
