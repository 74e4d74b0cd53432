import { randomUUID } from 'node:crypto';
import { standardWebhooks, type StoredEvent, type Subscription } from '@hookwell/core';
import { Agent, request } from 'undici';
import { contact, secret } from '../workload.ts';
import type { LaneSample, Sender, Sending, Setup } from './sender.ts';

/** Requests in flight at once, as many as the engine has. */
export const inFlight = 100;
/** What follows a failed attempt: as the engine's schedule begins, 5 seconds and then 5 minutes. */
export const retryWaitsMs = [5_000, 300_000, 1_800_000] as const;

/** What a job queue keeps of a delivery: the same that the engine keeps, in one job. */
export interface Job {
  readonly deliveryId: string;
  readonly endpoint: number;
  readonly record: ReturnType<typeof contact>;
}

/** A job queue that is ready for one run. */
export interface JobQueue {
  /** Resolves when the job is stored, as durable as that queue makes it. */
  readonly add: (job: Job) => Promise<unknown>;
  /** Jobs of each endpoint that are stored and not done. */
  readonly unfinished: () => Promise<ReadonlyMap<number, number>>;
  readonly problem: () => Error | null;
  readonly close: () => Promise<void>;
}

/** Opens an empty queue whose worker calls `deliver`, which rejects when the job is to be tried again. */
export type OpenJobQueue = (deliver: (job: Job) => Promise<void>, setup: Setup) => Promise<JobQueue>;

/**
 * A job queue of others as a sender: one job for each delivery, whose worker writes the body, signs it and sends it under
 * the deadline.
 */
export function peerSender(name: string, what: string, open: OpenJobQueue): Sender {
  return {
    name,
    what,
    isOurs: false,
    async start(setup): Promise<Sending> {
      const agent = new Agent({ connections: inFlight, pipelining: 1 });
      const { request: sign } = standardWebhooks({ secret });
      const flying = new Map<number, number>();
      const retried = new Map<number, number>();
      const sent = new Set<string>();

      async function send({ deliveryId, endpoint, record }: Job): Promise<void> {
        const startedAt = Date.now();
        const event = { type: 'sub_tag', tag_id: endpoint };
        const body = JSON.stringify({ data: record, webhook_id: endpoint + 1, object_type_id: 0, event, timestamp: startedAt });
        const headers = ['content-type', 'application/json', 'user-agent', 'Hookwell', 'webhook-id', deliveryId];
        headers.push('webhook-timestamp', String(Math.floor(startedAt / 1_000)));
        const about = { deliveryId, subscription: anySubscription, event: anyEvent, attempt: 1, body, startedAt };
        headers.push(...(sign?.(about) ?? []));
        const signal = AbortSignal.timeout(setup.deadlineMs);
        const answer = await request(setup.endpoints.urlOf(endpoint), {
          method: 'POST',
          headers,
          body,
          dispatcher: agent,
          signal,
        });
        await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
      }

      const queue = await open(async (job) => {
        if (!sent.has(job.deliveryId)) setup.onSend(job.record.id);
        sent.add(job.deliveryId);
        flying.set(job.endpoint, (flying.get(job.endpoint) ?? 0) + 1);
        try {
          await send(job);
        } catch (error) {
          retried.set(job.endpoint, (retried.get(job.endpoint) ?? 0) + 1);
          throw error;
        } finally {
          flying.set(job.endpoint, (flying.get(job.endpoint) ?? 0) - 1);
        }
      }, setup);
      return {
        emit: async (record, endpoint) => queue.add({ deliveryId: randomUUID(), endpoint, record: contact(record) }),
        lanes: () =>
          [...flying].flatMap(([endpoint, count]): LaneSample[] =>
            count === 0 ? [] : [{ endpoint, inFlight: count, waiting: 0, limit: null }],
          ),
        unfinished: queue.unfinished,
        retried: () => retried,
        problem: queue.problem,
        async stop() {
          await queue.close();
          await agent.destroy();
        },
      };
    },
  };
}

/** The plugin looks at them only where each subscription has a secret of its own. */
const anySubscription = {} as Subscription;
const anyEvent = {} as StoredEvent;
