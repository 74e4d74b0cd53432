import { createEngine, defineCatalog, type StorageAdapter } from '@hookwell/core';
import { httpTransport } from '@hookwell/adapters/http';
import test, { type ExecutionContext } from 'ava';
import { occurredAt } from './payload-golden.ts';
import { goldenValues } from './payload-golden-values.ts';
import { sqlite, startReceiver } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';
import { startExpressDecoder, startPhpDecoder, type Decoder } from './payload-golden-decoders.ts';

/** One field for each awkward value: `v0`, `v1` and so on. */
const fields = goldenValues.map((_, index) => `v${index}`);
const catalog = defineCatalog({
  objectTypes: [{ id: 10_001, name: 'Oddity', fields: ['id', ...fields, 'missing'] }],
  events: { sub_tag: { parameter: 'tag_id' } },
});
const record = { id: '007', ...Object.fromEntries(goldenValues.map(({ value }, index) => [`v${index}`, value])) };
const form = goldenValues.map((golden, index) => `data%5Bv${index}%5D=${golden.form}`).join('&');
const json = goldenValues.map((golden, index) => `"v${index}":${golden.json}`).join(',');

/** What every decoder of forms must make of the payload: nesting rebuilt, and nothing but texts. */
const decoded = {
  webhook_id: '1',
  object_type_id: '10001',
  event: { type: 'sub_tag', tag_id: '4' },
  data: { id: '007', ...Object.fromEntries(goldenValues.map((golden, index) => [`v${index}`, golden.decoded])), missing: '' },
  timestamp: '1514940140',
};

for (const { name, make } of storages) {
  test(`${name}: awkward values go out as written, in a form and in JSON`, async (t) => {
    const receiver = await startReceiver(t);
    const { subscribe, send } = await sender(t, make(t));
    const first = await subscribe(receiver.url('/form'), 'form');
    const second = await subscribe(receiver.url('/json'), 'json');
    await send();
    t.deepEqual(receiver.bodies('/form'), [
      `webhook_id=${first}&object_type_id=10001&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=007&${form}&data%5Bmissing%5D=&timestamp=1514940140`,
    ]);
    t.deepEqual(receiver.bodies('/json'), [
      `{"webhook_id":${second},"object_type_id":10001,"event":{"type":"sub_tag","tag_id":4},"data":{"id":"007",${json},"missing":""},"timestamp":1514940140}`,
    ]);
  });
}

test('Express `urlencoded({extended: true})` rebuilds the nesting and every value', async (t) => {
  await decodes(t, await startExpressDecoder(t));
});

test('PHP rebuilds the nesting and every value in $_POST', async (t) => {
  const decoder = await startPhpDecoder(t);
  if (decoder) await decodes(t, decoder);
});

/** Sends with the engine and compares what the receiver says that it decoded. */
async function decodes(t: ExecutionContext, decoder: Decoder): Promise<void> {
  const { subscribe, send } = await sender(t, sqlite.make(t));
  await subscribe(decoder.url, 'form');
  const [attempt] = await send();
  t.is(attempt?.outcome, 'delivered', attempt?.reason);
  t.deepEqual(JSON.parse(attempt?.answer ?? ''), decoded);
}

async function sender(t: ExecutionContext, storage: StorageAdapter) {
  const engine = createEngine({
    storage,
    catalog,
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
  });
  t.teardown(async () => engine.stop());
  await engine.start({ deliver: false });
  return {
    subscribe: async (url: string, encoding: 'form' | 'json') =>
      (await engine.subscriptions.create({ accountId: 7, url, topic: 'sub_tag(4)', encoding })).id,
    send: async () => {
      await engine.emit('sub_tag(4)', { accountId: 7, objectType: 10_001, record, occurredAt });
      await engine.deliverDue();
      return (await engine.deliveries.attempts(7)).rows;
    },
  };
}
