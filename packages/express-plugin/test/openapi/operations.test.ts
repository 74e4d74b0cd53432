import { filters, standardWebhooks } from '@hookwell/core';
import test from 'ava';
import { noon } from '../host.ts';
import { bad, catalog, good, startManaged, type ManagedHost } from '../manage-host.ts';

import { documentedApi, type DocumentedApi } from './documented-api.ts';

/** What an exercise works with: the API as its document has it, and the CRM behind it. */
interface Ground {
  readonly api: DocumentedApi;
  readonly host: ManagedHost;
}

const url = 'https://example.com/hooks';
const tag = { url, event: 'sub_tag(3)' };

/** A real request for every operation of the document, which answers as the document says; a new operation needs one. */
const exercises: Readonly<Record<string, (ground: Ground) => Promise<unknown>>> = {
  async subscribe({ api }) {
    await api.request('subscribe', { form: { ...tag, data: '{"format":"lightweight"}' } });
    await api.request('subscribe', { form: tag });
    await api.request('subscribe', { json: { ...tag, data: { format: 'notify', encoding: 'json' } } });
    return api.request('subscribe', { json: tag, as: 'app-acme' });
  },
  unsubscribe: async ({ api }) => api.request('unsubscribe', { query: { id: await subscribe(api) } }),
  async unsubscribeByPost({ api }) {
    await api.request('unsubscribeByPost', { form: { id: await subscribe(api) } });
    return api.request('unsubscribeByPost', { json: { id: await subscribe(api) } });
  },
  async getWebhook({ api, host }) {
    const id = await subscribe(api);
    await api.request('getWebhook', { query: { id } });
    await deliver(host);
    return api.request('getWebhook', { query: { id } });
  },
  async listWebhooks({ api }) {
    await subscribe(api);
    await api.request('listWebhooks', { query: list });
    await api.request('listWebhooks', { query: { listFields: 'id,event' } });
    return api.request('listWebhooks');
  },
  countWebhooks: async ({ api }) => api.request('countWebhooks', { query: list }),
  async describeWebhooks({ api }) {
    await api.request('describeWebhooks', { query: { format: 'byName' } });
    return api.request('describeWebhooks');
  },
  async getWebhookLog({ api, host }) {
    await subscribe(api);
    await deliver(host);
    const { body } = await api.request('listWebhookLogs');
    const [{ id }] = (body as { readonly data: readonly [{ readonly id: string }] }).data;
    return api.request('getWebhookLog', { query: { id: Number(id) } });
  },
  async listWebhookLogs({ api, host }) {
    await subscribe(api);
    await deliver(host);
    host.answer = () => bad();
    await deliver(host);
    host.answer = () => good;
    return api.request('listWebhookLogs', { query: { count: true } });
  },
  countWebhookLogs: async ({ api }) => api.request('countWebhookLogs', { query: { search: 'HTTP' } }),
  async describeWebhookLogs({ api }) {
    await api.request('describeWebhookLogs', { query: { format: 'byId' } });
    return api.request('describeWebhookLogs');
  },
  async listSubscriptions({ api }) {
    await subscribe(api);
    return api.request('listSubscriptions', { query: { which: 'all', health: ['healthy', 'paused'], limit: 1 } });
  },
  createSubscription: async ({ api }) => api.request('createSubscription', { json: { url, topic: 'sub_tag(3)' } }),
  getSubscription: async ({ api }) => api.request('getSubscription', { path: { id: await subscribe(api) } }),
  updateSubscription: async ({ api }) =>
    api.request('updateSubscription', { path: { id: await subscribe(api) }, json: { format: 'notify' } }),
  deleteSubscription: async ({ api }) => api.request('deleteSubscription', { path: { id: await subscribe(api) } }),
  async pauseSubscription({ api }) {
    await api.request('pauseSubscription', { path: { id: await subscribe(api) } });
    return api.request('pauseSubscription', { path: { id: await subscribe(api) }, json: { reason: 'moving house' } });
  },
  async resumeSubscription({ api }) {
    const path = { id: await subscribe(api) };
    await api.request('pauseSubscription', { path });
    return api.request('resumeSubscription', { path });
  },
  async testSubscription({ api, host }) {
    const path = { id: await subscribe(api) };
    await api.request('testSubscription', { path });
    host.answer = () => bad();
    await api.request('testSubscription', { path });
    host.answer = () => good;
  },
  rotateSecret: async ({ api }) => api.request('rotateSecret', { path: { id: await subscribe(api) } }),
  async listDeliveries({ api, host }) {
    await subscribe(api);
    await emit(host);
    return api.request('listDeliveries');
  },
  async getDelivery({ api, host }) {
    await waitingDelivery({ api, host });
    const waiting = await waitingDelivery({ api, host });
    await api.request('getDelivery', { path: { id: waiting } });
    await host.engine.deliverDue();
    return api.request('getDelivery', { path: { id: waiting } });
  },
  async explainDelivery({ api, host }) {
    const id = await waitingDelivery({ api, host });
    await api.request('explainDelivery', { path: { id } });
    await host.engine.deliverDue();
    return api.request('explainDelivery', { path: { id } });
  },
  async explainSubscription({ api, host }) {
    await waitingDelivery({ api, host });
    const [waiting] = (await host.engine.deliveries.list(1)).rows;
    const { subscriptionId = 0, eventId = '' } = waiting ?? {};
    await api.request('explainSubscription', { path: { id: subscriptionId } });
    return api.request('explainSubscription', { path: { id: subscriptionId }, query: { eventId } });
  },
  async replayDelivery({ api, host }) {
    const id = await waitingDelivery({ api, host });
    await host.engine.deliverDue();
    return api.request('replayDelivery', { path: { id } });
  },
  async cancelDelivery({ api, host }) {
    await api.request('cancelDelivery', { path: { id: await waitingDelivery({ api, host }) } });
    const id = await waitingDelivery({ api, host });
    return api.request('cancelDelivery', { path: { id }, json: { reason: 'not wanted' } });
  },
  async cancelEvent({ api, host }) {
    await waitingDelivery({ api, host });
    const [waiting] = (await host.engine.deliveries.list(1)).rows;
    const id = waiting?.eventId ?? '';
    await api.request('cancelEvent', { path: { id }, json: { reason: 'not wanted' } });
    return api.request('cancelEvent', { path: { id } });
  },
  async listReplays({ api, host }) {
    await host.engine.replays.create(1, { missing: true });
    await api.request('listReplays', { query: { state: ['running'], limit: 1 } });
    return api.request('listReplays');
  },
  async createReplay({ api, host }) {
    await waitingDelivery({ api, host });
    await host.engine.deliverDue();
    await api.request('createReplay', { json: { missing: true } });
    return api.request('createReplay', {
      json: { objectTypeId: 0, recordId: 8, outcomes: ['delivered'], from: new Date(noon).toISOString(), pacePerSecond: 5 },
    });
  },
  async previewReplay({ api, host }) {
    await waitingDelivery({ api, host });
    await host.engine.deliverDue();
    return api.request('previewReplay', { json: { outcomes: ['delivered'] } });
  },
  async previewFilter({ api, host }) {
    await deliver(host);
    return api.request('previewFilter', { json: { topic: 'sub_tag(3)', filter: { exact: { 'data.id': 8 } } } });
  },
  async getReplay({ api, host }) {
    const { id } = await host.engine.replays.create(1, { missing: true });
    return api.request('getReplay', { path: { id } });
  },
  async cancelReplay({ api, host }) {
    const { id } = await host.engine.replays.create(1, { missing: true });
    return api.request('cancelReplay', { path: { id } });
  },
  async listAttempts({ api, host }) {
    await subscribe(api);
    await deliver(host);
    return api.request('listAttempts', { query: { outcome: ['delivered'], limit: 1 } });
  },
  async getStats({ api, host }) {
    await subscribe(api);
    await deliver(host);
    await emit(host);
    await api.request('getStats');
    const from = new Date(noon - 3_600_000).toISOString();
    return api.request('getStats', { query: { from, until: new Date(noon).toISOString(), every: 600, subscriptionId: 1 } });
  },
  getCatalog: async ({ api }) => api.request('getCatalog'),
  listen: async ({ api }) => api.request('listen', { during: async () => subscribe(api) }),
};

const list = {
  ids: '0',
  start: 0,
  range: 10,
  sort: 'id',
  sortDir: 'desc',
  search: 'example',
  count: true,
  condition: JSON.stringify([{ field: { field: 'event' }, op: '=', value: { value: 'sub_tag(3)' } }]),
};

test('every operation of the document can be called by it, and answers as it says', async (t) => {
  const ground = await start(t);
  t.deepEqual(Object.keys(exercises).toSorted(), [...ground.api.operations.keys()].toSorted(), 'one exercise for each operation');
  for (const [id, exercise] of Object.entries(exercises)) {
    await t.notThrowsAsync(exercise(ground), id);
    // Each of these calls counts as one of the account.
    ground.host.move(60_000);
  }
});

test('every operation refuses strangers as the document says', async (t) => {
  const { api, host } = await start(t);
  for (const [id, { parameters = [], requestBody }] of api.operations) {
    const needed = (place: string): Record<string, number | string> =>
      Object.fromEntries(
        parameters
          .filter((one) => one.in === place && one.required)
          .map(({ name }) => [name, /(?:Delivery|Event|Replay)$/.test(id) ? '0198c5a2-6f0e-7cc4-b3b7-0a4f1c1e5a11' : 999]),
      );
    const json = requestBody?.content['application/json']?.example;
    const sent = { path: needed('path'), query: needed('query'), json };
    t.is((await api.request(id, { ...sent, as: null })).status, 401, id);
    if (parameters.some(({ name, required }) => name === 'id' && required)) {
      t.is((await api.request(id, sent)).status, 404, id);
    }
    host.move(60_000);
  }
});

test('who asks too often is told so as the document says', async (t) => {
  const { api } = await start(t, 1);
  t.is((await api.request('listWebhooks')).status, 200);
  t.is((await api.request('listWebhooks')).status, 429);
  t.is((await api.request('listSubscriptions')).status, 429);
});

test('every payload is as the document says, for every event, object type, format and encoding', async (t) => {
  const { api, host } = await start(t);
  const seen = new Set<string>();
  let expected = 0;
  for (const event of catalog.events.values()) {
    if (event.parameter !== null) await subscribeInAllWays(api, event.name, `${event.name}(3)`);
    for (const objectType of catalog.objectTypes.values()) {
      // Where the number is an object type, it is that of the record.
      const topic = `${event.name}(${event.parameter === null ? objectType.id : 3})` as const;
      if (event.parameter === null) await subscribeInAllWays(api, event.name, topic);
      const record = { id: 8, [objectType.fields.find((field) => field !== 'id') ?? 'id']: true };
      await host.engine.emit(topic, { accountId: 1, objectType: objectType.id, record });
      expected += 6;
      host.move(60_000);
    }
  }
  while ((await host.engine.deliverDue()).delivered > 0);
  for (const { url: target, headers, body } of host.sent) {
    const id = target.slice(url.length + 1);
    const named = Object.fromEntries(
      Array.from({ length: headers.length / 2 }, (_, at) => [headers[at * 2], headers[at * 2 + 1]]),
    );
    t.notThrows(() => api.receive(id, named as Record<string, string>, body), `${id} ${body}`);
    seen.add(id);
  }
  t.deepEqual([...seen].toSorted(), [...api.webhooks.keys()].toSorted());
  t.is(host.sent.length, expected);
});

/** In each format and encoding, with a URL that says which event and format it is. */
async function subscribeInAllWays(api: DocumentedApi, name: string, event: string): Promise<void> {
  for (const format of ['full', 'lightweight', 'notify']) {
    for (const encoding of ['form', 'json']) {
      await api.request('subscribe', { json: { url: `${url}/${name}_${format}`, event, data: { format, encoding } } });
    }
  }
}

async function start(t: Parameters<typeof startManaged>[0], limit = 180): Promise<Ground> {
  const keeper = filters();
  const host = await startManaged(t, {
    options: {
      documentation: {},
      filters: keeper,
      rateLimit: { limit },
      secrets: { rotate: async () => ({ secret: 'whsec_AAAA' }), secretsOf: () => [] },
    },
    engine: { plugins: [keeper, standardWebhooks({ secret: `whsec_${Buffer.alloc(24).toString('base64')}` })] },
  });
  return { host, api: await documentedApi(`${host.url}/1/openapi.json`) };
}

async function subscribe(api: DocumentedApi): Promise<number> {
  const { body } = await api.request('subscribe', { form: tag });
  return (body as { readonly data: { readonly id: number } }).data.id;
}

async function emit(host: ManagedHost): Promise<void> {
  await host.engine.emit('sub_tag(3)', { accountId: 1, objectType: 0, record: { id: 8, firstname: 'Mary' } });
}

async function deliver(host: ManagedHost): Promise<void> {
  await emit(host);
  await host.engine.deliverDue();
}

async function waitingDelivery({ api, host }: Ground): Promise<string> {
  await subscribe(api);
  await emit(host);
  const { body } = await api.request('listDeliveries');
  return (body as { readonly rows: readonly [{ readonly id: string }] }).rows[0].id;
}
