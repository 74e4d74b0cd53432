import test from 'ava';
import { listen, subscribe } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { lookAt } from './judge.ts';

test.serial(
  'headers of a subscription are chosen, sent, shown by name alone, and do not move to another host',
  visiting({ expected: [/status of 400/] }, async (t, visit) => {
    const { page, crm } = visit;
    const received: Readonly<Record<string, unknown>>[] = [];
    const receiver = await listen((request, _body, answer) => {
      received.push(request.headers);
      answer();
    });
    t.teardown(receiver.close);
    const id = await subscribe(crm.url, { url: `${receiver.url}/in`, event: 'sub_tag(3)' });
    await signIn(page);
    await page.goto(`/1/console#/subscriptions/${id}`);
    await page.getByRole('button', { name: 'Add headers' }).click();
    const dialog = page.getByRole('dialog', { name: 'Headers of its own' });
    await dialog.getByLabel('Authorization').selectOption({ label: 'User name and password' });
    await dialog.getByLabel('User name').fill('hooks');
    await dialog.getByLabel('Password').fill('canary-4c1d');
    await dialog.getByLabel('Further headers').fill('X-Tenant: blue\nno header\n');
    await dialog.getByRole('button', { name: 'Save headers' }).click();
    await dialog.getByText('Line 2 is not a name, a colon and a value.').waitFor();
    await lookAt(t, visit, 'console-headers');
    await dialog.getByLabel('Further headers').fill('X-Tenant: blue\nwebhook-id: 1');
    await dialog.getByRole('button', { name: 'Save headers' }).click();
    await dialog.getByText("is not an owner's to send").waitFor();
    await dialog.getByLabel('Further headers').fill('X-Tenant: blue');
    await dialog.getByRole('button', { name: 'Save headers' }).click();
    await page.getByText('authorization, X-Tenant').waitFor();
    t.is(await page.getByText('canary-4c1d').count(), 0);

    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByRole('dialog', { name: 'Test event' }).getByText('It arrived').waitFor();
    await page.keyboard.press('Escape');
    t.like(received.at(-1), {
      authorization: `Basic ${Buffer.from('hooks:canary-4c1d').toString('base64')}`,
      'x-tenant': 'blue',
    });

    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('Send to').fill('https://other.example.com/in');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Its headers belong to the old address').waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Change headers' }).click();
    await dialog.getByText('all that there is: authorization, X-Tenant.').waitFor();
    await dialog.getByRole('button', { name: 'Save headers' }).click();
    await page.getByRole('button', { name: 'Add headers' }).waitFor();
  }),
);
