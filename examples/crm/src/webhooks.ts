import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { contactPlans, createEngine, standardWebhooks, type Engine } from '@hookwell/core';
import { catalog } from './catalog.ts';
import type { EventName } from './crm.ts';
import type { CrmDatabase } from './database.ts';
import type { Plan } from './arguments.ts';

/** What differs between the demo and a CRM that only serves. */
export interface WebhookOptions {
  readonly plan: Plan;
  readonly leaseMs: number;
  readonly signingSecret: string | null;
  /** The waits before each retry; the engine's own schedule when left out. */
  readonly retryScheduleMs?: readonly number[];
}

/** Makes the engine of this CRM: on the CRM's own database connection, sending over HTTP to any address. */
export function createWebhookEngine(database: CrmDatabase, options: WebhookOptions): Engine<EventName> {
  const { leaseMs, signingSecret, retryScheduleMs } = options;
  return createEngine({
    storage: sqliteStorage({ database: database.connection }),
    // A CRM on the public internet sends to https only; here everything stays on this machine.
    transports: [httpTransport({ protocols: ['https:', 'http:'], totalMs: Math.min(15_000, Math.floor(leaseMs / 4)) })],
    catalog,
    plugins: [
      contactPlans({ planOf: () => options.plan }),
      ...(signingSecret === null ? [] : [standardWebhooks({ secret: signingSecret })]),
    ],
    leaseMs,
    ...(retryScheduleMs ? { retry: { scheduleMs: [...retryScheduleMs] } } : {}),
  });
}
