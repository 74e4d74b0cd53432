import { postgresStorage } from '@hookwell/adapters/postgres';
import test from 'ava';
import { Pool } from 'pg';
import { testDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { losses, openProxy } from './crash/proxy.ts';
import { mary, scriptedTransport, startByHand, toldAs } from './engine-fixture.ts';

test('the answers to what is stored, claimed and recorded can be lost, also where a statement goes by its name', async (t) => {
  const database = await testDatabase();
  t.teardown(async () => database.remove());
  const url = new URL(database.url);
  const proxy = await openProxy(Number(url.port));
  t.teardown(async () => proxy.close());
  url.port = String(proxy.port);
  const pool = new Pool({ connectionString: url.href, max: 1 });
  pool.on('error', () => undefined);
  t.teardown(async () => pool.end());
  const transport = scriptedTransport();
  const { engine, told } = await startByHand(t, postgresStorage({ pool }), { transports: [transport] });
  await engine.subscriptions.create({ accountId: 7, url: 'script:a', topic: 'sub_tag(3)' });
  const emit = async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  // From now on the server knows the statements.
  await emit();
  await engine.deliverDue();
  for (const what of ['store', 'claim', 'record'] as const) {
    const losing = proxy.loseAnswer(losses[what], AbortSignal.timeout(60_000));
    await emit();
    await engine.deliverDue();
    t.not(await losing, null, what);
  }
  t.is(new Set(transport.sent.map(({ deliveryId }) => deliveryId)).size, 3);
  t.is((await engine.deliveries.list(7)).total, 1, 'nobody knows of the lease of what was claimed until that runs out');
  t.deepEqual(toldAs(told, 'error'), []);
});
