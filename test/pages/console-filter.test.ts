import test from 'ava';
import { subscribe } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { post } from './hostile-account.ts';
import { lookAt } from './judge.ts';

test.serial(
  'the console shows the filter of a subscription as it is, and as text',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const id = await subscribe(crm.url, { url: 'http://127.0.0.1:1/in', event: 'sub_tag(3)' });
    await signIn(page);
    await page.goto(`/1/console#/subscriptions/${id}`);
    await page.getByText('Signature').waitFor();
    await page.getByText('none: it gets every event of its kind').waitFor();
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

test.serial(
  'a filter is written, tried on what has happened although nobody got it, put right, saved and taken away',
  visiting({ expected: [/status of 400/] }, async (t, visit) => {
    const { page, crm } = visit;
    await post(`${crm.url}/contacts`, [
      { firstname: 'Mary', lastname: 'Jones' },
      { firstname: 'John', lastname: 'Doe' },
    ]);
    const id = await subscribe(crm.url, { url: 'http://127.0.0.1:1/in', event: 'object_create(0)' });
    await signIn(page);
    await page.goto(`/1/console#/subscriptions/${id}`);
    await page.getByRole('button', { name: 'Add a filter' }).click();
    const dialog = page.getByRole('dialog', { name: 'Filter' });
    const field = dialog.getByLabel('Filter, as JSON');
    t.true(await dialog.getByRole('button', { name: 'Try it' }).isDisabled());
    await field.fill('{"exact": ');
    await dialog.getByRole('button', { name: 'Try it' }).click();
    await dialog.getByText('It is no JSON object.').waitFor();
    await field.fill('{"exact": {"data.firstnme": "Mary"}}');
    await dialog.getByRole('button', { name: 'Try it' }).click();
    await dialog.getByText('Did you mean "firstname"?').waitFor();
    t.is(await field.getAttribute('aria-invalid'), 'true');
    await field.fill('{"exact": {"data.firstname": "Mary"}}');
    await dialog.getByRole('button', { name: 'Try it' }).focus();
    await page.keyboard.press('Enter');
    await dialog.getByText('It lets 1 of the last 2 events through.').waitFor();
    await lookAt(t, visit, 'console-filter-dialog');
    await dialog.getByRole('button', { name: 'Save filter' }).click();
    await page.getByText('{"exact":{"data.firstname":"Mary"}}').waitFor();
    await page.getByRole('button', { name: 'Change filter' }).click();
    await field.fill('');
    await dialog.getByRole('button', { name: 'Save filter' }).click();
    await page.getByRole('button', { name: 'Add a filter' }).waitFor();
  }),
);
