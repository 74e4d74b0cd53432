import { httpTransport } from '@hookwell/adapters/http';
import { createEngine, ontraportCatalog, standardWebhooks, type EngineOptionsInput, type Plugin } from '@hookwell/core';
import { inParallel } from '../contestant.ts';
import type { Place, StorageName, Storages } from '../storages.ts';
import { contact, secret } from '../workload.ts';
import { accountCount, accountOf, type Sender, type Sending, type Setup } from './sender.ts';

/** Subscriptions that are made at once. */
const madeAtOnce = 8;

/** The engine with all options at their defaults, on a place of its own for each run. */
export function engineSender(name: StorageName, storages: Storages): Sender {
  return {
    name: `hookwell-${name}`,
    what: `Hookwell ${storages.what(name)}, options by default`,
    isOurs: true,
    async start(setup) {
      const place = storages.make(name);
      const sending = await startOn(place, setup);
      return {
        ...sending,
        async stop() {
          await sending.stop();
          await place.remove();
        },
      };
    },
  };
}

/** Starts an engine on a place, and subscribes the endpoints that are not subscribed there yet. */
export async function startOn(
  place: Pick<Place, 'storage'>,
  { endpoints, count, deadlineMs, onSend }: Setup,
  options: Pick<EngineOptionsInput, 'retention'> = {},
): Promise<Sending> {
  const endpointOf = new Map<number, number>();
  const retried = new Map<number, number>();
  const observer: Plugin = {
    name: 'observer',
    request({ attempt, event }) {
      if (attempt === 1) onSend(Number(event.record['id']));
      return [];
    },
    outcome({ subscription, outcome }) {
      if (outcome.outcome !== 'retry') return;
      const endpoint = endpointOf.get(subscription.id) ?? -1;
      retried.set(endpoint, (retried.get(endpoint) ?? 0) + 1);
    },
  };
  const engine = createEngine({
    storage: place.storage(),
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: deadlineMs })],
    catalog: ontraportCatalog,
    plugins: [standardWebhooks({ secret }), observer],
    ...options,
  });
  let problem: Error | null = null;
  engine.events.on('error', (error) => {
    problem ??= error;
  });
  await engine.start();
  for (let account = 1; account <= accountCount; account += 1) {
    const { rows } = await engine.subscriptions.list(account, { limit: 100 });
    for (const { id, topic } of rows) endpointOf.set(id, Number(/\d+/.exec(topic)?.[0]));
  }
  const known = new Set(endpointOf.values());
  await inParallel(madeAtOnce, count, async (number) => {
    const endpoint = number - 1;
    if (known.has(endpoint)) return;
    const { id } = await engine.subscriptions.create({
      accountId: accountOf(endpoint),
      url: endpoints.urlOf(endpoint),
      topic: `sub_tag(${endpoint})`,
      encoding: 'json',
    });
    endpointOf.set(id, endpoint);
  });
  return {
    emit: async (record, endpoint) =>
      engine.emit(`sub_tag(${endpoint})`, { accountId: accountOf(endpoint), objectType: 0, record: contact(record) }),
    lanes: () =>
      engine.lanes.list().map(({ subscriptionId, inFlight, waiting, limit }) => {
        return { endpoint: endpointOf.get(subscriptionId) ?? -1, inFlight, waiting, limit };
      }),
    async unfinished() {
      const all = new Map<number, number>();
      for (let account = 1; account <= accountCount; account += 1) {
        for (const { subscriptionId, waiting } of await engine.deliveries.backlog(account)) {
          all.set(endpointOf.get(subscriptionId) ?? -1, waiting);
        }
      }
      return all;
    },
    retried: () => retried,
    problem: () => problem,
    stop: async () => engine.stop(),
  };
}
