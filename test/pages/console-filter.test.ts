import test from 'ava';
import { subscribe } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { lookAt } from './judge.ts';

test.serial(
  'the console shows the filter of a subscription as it is, and as text',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const id = await subscribe(crm.url, { url: 'http://127.0.0.1:1/in', event: 'sub_tag(3)' });
    await signIn(page);
    await page.goto(`/1/console#/subscriptions/${id}`);
    await page.getByText('Signature').waitFor();
    t.is(await page.getByText('Filter', { exact: true }).count(), 0);
    const filter = { any: [{ prefix: { 'data.email': '<img src=x onerror=alert(1)>' } }, { exists: { 'data.lastname': true } }] };
    const change = { path: `/1/manage/subscriptions/${id}`, body: JSON.stringify({ filter }) };
    const status = await page.evaluate(async ({ path, body }) => {
      const answer = await fetch(path, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body });
      return answer.status;
    }, change);
    t.is(status, 200);
    await page.reload();
    await page.getByText(JSON.stringify(filter)).waitFor();
    await lookAt(t, visit, 'console-filter');
  }),
);
