import { httpTransport } from '@hookwell/adapters/http';
import { contactPlans, createEngine, standardWebhooks, type Engine, type Plugin } from '@hookwell/core';
import { catalog } from './catalog.ts';
import type { EventName } from './crm.ts';
import type { CrmDatabase } from './database.ts';
import type { Plan } from './arguments.ts';

/** What differs between the demo and a CRM that only serves. */
export interface WebhookOptions {
  readonly plan: Plan;
  readonly leaseMs: number;
  readonly signingSecret: string | null;
  /** The waits before each retry; null for the engine's own schedule. */
  readonly retryScheduleMs: readonly number[] | null;
  /** Failures in a row that suspend a subscription, however soon they come; null for the engine's own policy. */
  readonly suspendAfter: number | null;
  /** What the receiver is to be told of which process sent it; nothing when left out. */
  readonly processName?: string;
}

/** Makes the engine of this CRM: in the CRM's own database, sending over HTTP to any address. */
export function createWebhookEngine(database: CrmDatabase, options: WebhookOptions): Engine<EventName> {
  const { leaseMs, signingSecret, retryScheduleMs, suspendAfter, processName } = options;
  return createEngine({
    storage: database.storage,
    // A CRM on the public internet sends to https only; here everything stays on this machine.
    transports: [httpTransport({ protocols: ['https:', 'http:'], totalMs: Math.min(15_000, Math.floor(leaseMs / 4)) })],
    catalog,
    plugins: [
      contactPlans({ planOf: () => options.plan }),
      ...(signingSecret === null ? [] : [standardWebhooks({ secret: signingSecret })]),
      ...(processName === undefined ? [] : [processHeader(processName)]),
    ],
    leaseMs,
    ...(retryScheduleMs === null ? {} : { retry: { scheduleMs: [...retryScheduleMs] } }),
    ...(suspendAfter === null ? {} : { health: { suspendAfterFailures: suspendAfter, suspendAfterMs: 0 } }),
  });
}

/** Adds a header to each request: a plugin in one line. */
function processHeader(name: string): Plugin {
  return { name: 'process-header', request: () => ['crm-process', name] };
}
