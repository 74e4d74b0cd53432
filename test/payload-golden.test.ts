import test from 'ava';
import { catalog, sqlite, startByHand, startReceiver } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';
import { goldens, occurredAt, records } from './payload-golden.ts';

for (const { name, make } of storages) {
  for (const encoding of ['form', 'json'] as const) {
    test(`${name}: every event × format × object goes out as the contract writes it, as ${encoding}`, async (t) => {
      const receiver = await startReceiver(t);
      const { engine } = await startByHand(t, make(t));
      const ids: number[] = [];
      for (const [index, { topic, format }] of goldens.entries()) {
        const { id } = await engine.subscriptions.create({
          accountId: 7,
          url: receiver.url(`/${index}`),
          topic,
          format,
          encoding,
        });
        ids.push(id);
      }
      for (const { topic, objectType } of new Map(goldens.map((golden) => [golden.topic + golden.objectType, golden])).values()) {
        await engine.emit(topic, { accountId: 7, objectType, record: records[objectType], occurredAt });
      }
      await engine.deliverDue();

      for (const [index, golden] of goldens.entries()) {
        // Subscriptions to tags and forms are sent every kind of object; the golden is about one of them.
        const about =
          encoding === 'form'
            ? `object_type_id=${objectTypeId(golden.objectType)}&`
            : `"object_type_id":${objectTypeId(golden.objectType)},`;
        const got = receiver.arrived.filter(({ path, body }) => path === `/${index}` && body.includes(about));
        t.is(got.length, 1, `${golden.topic} ${golden.format}`);
        const expected =
          encoding === 'form' ? `webhook_id=${ids[index]}${golden.form}` : `{"webhook_id":${ids[index]}${golden.json}`;
        t.is(got[0]?.body, expected);
        t.deepEqual(got[0]?.raw, Buffer.from(expected, 'utf8'));
        t.is(got[0]?.method, 'POST');
        t.is(got[0]?.headers['content-type'], encoding === 'form' ? 'application/x-www-form-urlencoded' : 'application/json');
        t.is(got[0]?.headers['content-length'], String(Buffer.byteLength(expected)));
      }
    });
  }
}

test('the example of the contract: subscription 3, a contact of four fields, and nothing else', async (t) => {
  const receiver = await startReceiver(t);
  const { engine } = await startByHand(t, sqlite.make(t));
  const topic = 'sub_tag(4)';
  for (const path of ['/1', '/2', '/3']) {
    await engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic, format: 'lightweight' });
  }
  await engine.emit(topic, { accountId: 7, objectType: 0, record: records.Contact, occurredAt });
  await engine.deliverDue();
  t.deepEqual(receiver.bodies('/3'), [
    'webhook_id=3&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
  ]);
});

test('one record goes out per request, however many events there are', async (t) => {
  const receiver = await startReceiver(t);
  const { engine } = await startByHand(t, sqlite.make(t));
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/all'), topic: 'object_create(0)', format: 'notify' });
  await Promise.all(
    Array.from({ length: 150 }, async (_, id) =>
      engine.emit('object_create(0)', { accountId: 7, objectType: 0, record: { id } }),
    ),
  );
  await engine.deliverDue();
  const ids = receiver.bodies('/all').map((body) => new URLSearchParams(body).getAll('data[id]'));
  t.true(ids.every((found) => found.length === 1));
  t.deepEqual(
    ids.flat().toSorted((a, b) => Number(a) - Number(b)),
    Array.from({ length: 150 }, (_, id) => String(id)),
  );
});

function objectTypeId(name: string): number {
  for (const { id, name: known } of catalog.objectTypes.values()) if (known === name) return id;
  throw new Error(`no object type ${name}`);
}
