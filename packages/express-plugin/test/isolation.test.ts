import test from 'ava';
import { query, startHost, subscribe, type Host } from './host.ts';

const everything = [
  '/Webhooks',
  '/Webhooks?ids=0',
  `/Webhooks?ids=${Array.from({ length: 50 }, (_, n) => n + 1).join(',')}`,
  `/Webhooks${query({ condition: JSON.stringify([{ field: { field: 'id' }, op: '>', value: { value: 0 } }, 'OR', { field: { field: 'id' }, op: '<', value: { value: 9 } }]) })}`,
  '/Webhooks?search=example',
  '/Webhooks?search=%25',
  '/Webhooks?sort=url&sortDir=desc',
  '/WebhookLogs',
  '/WebhookLogs?ids=1,2,3,4',
  '/WebhookLogs?search=sub_tag',
];

/** Two accounts with one subscription each to the same event, and one delivery each. */
async function two(
  t: Parameters<typeof startHost>[0],
): Promise<{ readonly host: Host; readonly mine: number; readonly theirs: number }> {
  const host = await startHost(t);
  const mine = await subscribe(host, { url: 'https://example.com/mine' }, 'app-1');
  const theirs = await subscribe(host, { url: 'https://example.com/theirs' }, 'app-2');
  for (const accountId of [1, 2]) {
    await host.engine.emit('sub_tag(3)', { accountId, objectType: 0, record: { id: accountId, firstname: `of ${accountId}` } });
  }
  await host.engine.deliverDue();
  return { host, mine, theirs };
}

test('whatever an account lists and counts is its own', async (t) => {
  const { host } = await two(t);
  for (const path of everything) {
    for (const [as, accountId, own, foreign] of [
      ['app-1', 1, 'mine', 'theirs'],
      ['app-2', 2, 'theirs', 'mine'],
    ] as const) {
      const answer = await host.call('GET', path, { as });
      t.is(answer.status, 200, answer.text);
      t.is(answer.json.account_id, accountId);
      t.is((answer.json.data as readonly unknown[]).length, 1, `${as} ${path}`);
      t.false(answer.text.includes(foreign), `${as} ${path}`);
      t.false(answer.text.includes(`of+${3 - accountId}`), `${as} ${path}`);
      if (path.startsWith('/Webhooks')) t.true(answer.text.includes(own));
      const info = await host.call('GET', path.replace(/^\/(\w+)/, '/$1/getInfo'), { as });
      t.like(info.json.data, { count: '1' }, `${as} ${path}`);
    }
    t.like((await host.call('GET', path, { as: 'app-acme' })).json, { data: [], account_id: 'acme' });
  }
});

test('a foreign id, an ended one and one that never was get the same answer', async (t) => {
  const { host, mine, theirs } = await two(t);
  const ended = await subscribe(host);
  await host.call('DELETE', `/Webhook/unsubscribe?id=${ended}`);
  const withoutId = (text: string): string => text.replaceAll(/[0-9]+/g, 'N');
  for (const [method, path] of [
    ['GET', '/Webhook'],
    ['DELETE', '/Webhook/unsubscribe'],
    ['POST', '/Webhook/unsubscribe'],
  ] as const) {
    const answers = [];
    for (const id of [theirs, ended, 4_711]) answers.push(await host.call(method, `${path}?id=${id}`));
    for (const answer of answers) {
      t.is(answer.status, 404);
      t.is(withoutId(answer.text), withoutId(answers[0]?.text ?? ''));
      t.deepEqual(Object.keys(answer.headers), Object.keys(answers[0]?.headers ?? {}));
    }
  }
  t.is((await host.call('GET', `/Webhook?id=${theirs}`, { as: 'app-2' })).status, 200, 'it is untouched');
  t.is((await host.call('GET', `/Webhook?id=${mine}`)).status, 200);
});

test('a foreign line of the log and one that never was get the same answer', async (t) => {
  const { host } = await two(t);
  const [line] = (await host.call('GET', '/WebhookLogs', { as: 'app-2' })).json.data as readonly { readonly id: string }[];
  const foreign = await host.call('GET', `/WebhookLog?id=${line?.id}`);
  const never = await host.call('GET', '/WebhookLog?id=4711');
  t.deepEqual([foreign.status, never.status], [404, 404]);
  t.is(foreign.text.replaceAll(/[0-9]+/g, 'N'), never.text.replaceAll(/[0-9]+/g, 'N'));
  t.is((await host.call('GET', `/WebhookLog?id=${line?.id}`, { as: 'app-2' })).status, 200);
});
