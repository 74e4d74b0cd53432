import { httpTransport } from '@hookwell/adapters/http';
import {
  contactPlans,
  createEngine,
  filters,
  managedHeaders,
  managedSecrets,
  standardWebhooks,
  type Engine,
  type FilterKeeper,
  type HeaderKeeper,
  type Plugin,
  type SecretKeeper,
} from '@hookwell/core';
import { prometheus, type PrometheusPlugin } from '@hookwell/core/prometheus';
import { catalog } from './catalog.ts';
import type { EventName } from './crm.ts';
import type { CrmDatabase } from './database.ts';
import type { Plan } from './arguments.ts';

/** What differs between the demo and a CRM that only serves. */
export interface WebhookOptions {
  readonly plan: Plan;
  readonly leaseMs: number;
  /** What all payloads are signed with; null when each subscription has a secret of its own, or none. */
  readonly signingSecret: string | null;
  /** What seals the secrets and headers of subscriptions in the database; null when they have none. */
  readonly sealingKey: string | null;
  /** The waits before each retry; null for the engine's own schedule. */
  readonly retryScheduleMs: readonly number[] | null;
  /** Failures in a row that suspend a subscription, however soon they come; null for the engine's own policy. */
  readonly suspendAfter: number | null;
  /** What the receiver is to be told of which process sent it; nothing when left out. */
  readonly processName?: string;
}

/** The engine, and the plugins of it that pages ask. */
export interface Webhooks {
  readonly engine: Engine<EventName>;
  /** Null when subscriptions have no secrets of their own. */
  readonly secrets: SecretKeeper | null;
  /** Null when they have no headers of their own. */
  readonly headers: HeaderKeeper | null;
  /** Which of the events of their topics subscriptions get. */
  readonly filters: FilterKeeper;
  /** What Prometheus reads of this process. */
  readonly metrics: Pick<PrometheusPlugin, 'registry'>;
}

/** Makes the engine of this CRM: in the CRM's own database, sending over HTTP to the internet and this machine. */
export function createWebhooks(database: CrmDatabase, options: WebhookOptions): Webhooks {
  const { leaseMs, signingSecret, sealingKey, retryScheduleMs, suspendAfter, processName } = options;
  const secrets = secretsFor(options);
  const headers = sealingKey === null ? null : managedHeaders({ keys: [{ id: 'crm', key: sealingKey }] });
  const keeper = filters();
  const metrics = prometheus();
  const engine = createEngine({
    storage: database.storage,
    // A CRM on the public internet sends to https only, and never to its own machine; here everything stays on it.
    transports: [
      httpTransport({
        protocols: ['https:', 'http:'],
        allow: ['127.0.0.1:*', 'localhost:*'],
        totalMs: Math.min(15_000, Math.floor(leaseMs / 4)),
      }),
    ],
    catalog,
    plugins: [
      metrics,
      keeper,
      contactPlans({ planOf: () => options.plan }),
      ...(signingSecret === null ? [] : [standardWebhooks({ secret: signingSecret })]),
      ...[secrets, headers].filter((plugin) => plugin !== null),
      ...(processName === undefined ? [] : [processHeader(processName)]),
    ],
    leaseMs,
    ...(retryScheduleMs === null ? {} : { retry: { scheduleMs: [...retryScheduleMs] } }),
    ...(suspendAfter === null ? {} : { health: { suspendAfterFailures: suspendAfter, suspendAfterMs: 0 } }),
  });
  return { engine, secrets, headers, filters: keeper, metrics };
}

/** A secret for each subscription, unless one signs all of them or there is nothing to seal them with. */
function secretsFor({ signingSecret, sealingKey }: WebhookOptions): (Plugin & SecretKeeper) | null {
  if (signingSecret !== null || sealingKey === null) return null;
  return managedSecrets({ keys: [{ id: 'crm', key: sealingKey }] });
}

/** Adds a header to each request: a plugin in one line. */
function processHeader(name: string): Plugin {
  return { name: 'process-header', request: () => ['crm-process', name] };
}
