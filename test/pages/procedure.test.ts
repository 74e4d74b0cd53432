import test from 'ava';
import type { Page } from 'playwright-core';
import { keys } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';

test.serial(
  'the test procedure of the support article, by hand: a tag is added, and its lightweight payload is in the bin',
  visiting({}, async (t, visit) => {
    const { page: crm, context, picture } = visit;
    await signIn(crm);
    await addContact(crm, { first: 'Amina', last: 'Okafor', email: 'amina@okafor.example' });
    await addContact(crm, { first: 'Mary', last: 'Jones', email: 'mary@example.com' });

    // 1. Open the live documentation; the keys are on the CRM's page of webhooks.
    await crm.getByRole('navigation', { name: 'CRM' }).getByRole('link', { name: 'Webhooks' }).click();
    const [appId, apiKey] = [await keyOf(crm, 'App ID'), await keyOf(crm, 'API key')];
    await picture('step-01-the-keys');
    const docs = await openFrom(crm, 'Documentation');
    await docs.getByRole('heading', { name: 'Endpoints' }).waitFor();

    // 2. Enter the key pair.
    await docs.getByLabel('App ID').fill(appId);
    await docs.getByLabel('API key').fill(apiKey);
    await docs.getByRole('button', { name: 'Use these keys' }).click();
    await docs.getByText(`Requests from this page carry the keys of App ID ${appId}`).waitFor();
    await picture('step-02-the-documentation-with-keys', docs);

    // 3. and 4. Make a request bin, and take its URL.
    const bin = await openFrom(crm, 'Request bins');
    await bin.getByRole('button', { name: 'New bin' }).click();
    const url = await bin.getByLabel('URL of this bin').inputValue();
    await picture('step-03-a-new-bin', bin);

    // 5. to 10. Subscribe the bin to a tag, in the lightweight format.
    const subscribe = await openEndpoint(docs, 'POST', '/Webhook/subscribe');
    await subscribe.getByLabel('url', { exact: true }).fill(url);
    await subscribe.getByLabel('event', { exact: true }).fill('sub_tag(3)');
    await subscribe.getByLabel('data', { exact: true }).fill('{"format":"lightweight"}');
    await picture('step-08-the-subscription-filled-in', docs);
    await subscribe.getByRole('button', { name: 'Try it out' }).click();
    const answer = subscribe.locator('.live-responses-table');
    await answer.getByText('"event": "sub_tag(3)"').waitFor();
    await answer.scrollIntoViewIfNeeded();
    await picture('step-10-subscribed', docs);

    // 11. Tag a contact in the CRM.
    await crm.getByRole('link', { name: 'Contacts' }).click();
    await crm.getByRole('button', { name: 'Add the tag VIP to Mary Jones' }).click();
    await crm.getByRole('button', { name: 'Remove the tag VIP from Mary Jones' }).waitFor();
    await picture('step-11-tagged');

    // 12. Look at the bin again: it is there without a reload, and after one.
    await bin.getByRole('button', { name: /^POST/ }).waitFor();
    await bin.reload();
    const payload = await payloadIn(bin);
    t.like(payload, {
      object_type_id: '0',
      event: { type: 'sub_tag', tag_id: '3' },
      data: { id: '2', firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' },
    });
    t.deepEqual(Object.keys(payload['data'] as object), ['id', 'firstname', 'lastname', 'email']);
    await bin.getByText('Signature verified').waitFor();
    await picture('step-12-the-payload-in-the-bin', bin);

    // And `GET Webhooks` without parameters lists the active subscriptions.
    const list = await openEndpoint(docs, 'GET', '/Webhooks');
    await list.getByRole('button', { name: 'Try it out' }).click();
    await list.locator('.live-responses-table').getByText(url).waitFor();
    t.is(context.pages().length, 3);
  }),
);

test.serial(
  'a custom object, and a bin that answers 500 until its subscription is suspended, then 200 and "Send again"',
  visiting(
    { args: ['--retry-ms', '200,200', '--suspend-after', '3'], expected: [/^webhooks: subscription 1 is suspended/] },
    async (t, visit) => {
      const { page: crm, picture } = visit;
      await signIn(crm);
      const bin = await openFrom(crm, 'Request bins');
      await bin.getByRole('button', { name: 'New bin' }).click();
      const url = await bin.getByLabel('URL of this bin').inputValue();
      await answerWith(bin, '500');
      await picture('custom-object-01-a-bin-that-answers-500', bin);

      const docs = await openFrom(crm, 'Documentation');
      await docs.getByLabel('App ID').fill(keys.CRM_APP_ID);
      await docs.getByLabel('API key').fill(keys.CRM_API_KEY);
      await docs.getByRole('button', { name: 'Use these keys' }).click();
      const subscribe = await openEndpoint(docs, 'POST', '/Webhook/subscribe');
      await subscribe.getByLabel('url', { exact: true }).fill(url);
      await subscribe.getByLabel('event', { exact: true }).fill('object_create(10001)');
      await subscribe.getByLabel('data', { exact: true }).fill('{"format":"lightweight"}');
      await subscribe.getByRole('button', { name: 'Try it out' }).click();
      await subscribe.locator('.live-responses-table').getByText('"event": "object_create(10001)"').waitFor();

      await crm.goto('/crm/cars');
      await crm.getByLabel('Make').fill('Fiat');
      await crm.getByLabel('Model').fill('Panda');
      await crm.getByLabel('Year').fill('1999');
      await crm.getByLabel('Colour').fill('red');
      await crm.getByRole('button', { name: 'Create car' }).click();

      // The console says that it is suspended, why, and what happens next.
      const console = await openFrom(crm, 'Console');
      await console.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Subscriptions' }).click();
      await console.getByRole('main').getByText('Suspended').first().waitFor();
      await console
        .getByRole('main')
        .getByRole('link', { name: /10001|Car/ })
        .first()
        .click();
      await console
        .getByText(/too many errors/i)
        .first()
        .waitFor();
      await console.getByText('What happens next:').first().waitFor();
      await picture('custom-object-02-suspended', console);

      // The bin works again, and what failed is sent again.
      await answerWith(bin, '200');
      await console.getByRole('button', { name: 'Resume' }).click();
      await console.getByRole('button', { name: 'Pause' }).waitFor();
      await console.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Delivery log' }).click();
      await console.getByRole('table', { name: 'Deliveries' }).getByRole('link').first().click();
      await console.getByRole('button', { name: 'Send again' }).click();
      await console.getByText('It arrived at the fourth attempt').waitFor();
      await picture('custom-object-03-sent-again', console);

      await bin.getByRole('button', { name: /#4/ }).click();
      const payload = await payloadIn(bin);
      t.like(payload, { object_type_id: '10001', event: { type: 'object_create' } });
      t.deepEqual(payload['data'], { id: '1', make: 'Fiat', model: 'Panda', year: '1999' });
      await picture('custom-object-04-arrived', bin);
    },
  ),
);

/** Makes a contact by the form of the CRM. */
async function addContact(page: Page, contact: { readonly first: string; readonly last: string; readonly email: string }) {
  await page.getByLabel('First name').fill(contact.first);
  await page.getByLabel('Last name').fill(contact.last);
  await page.getByLabel('Email').fill(contact.email);
  await page.getByRole('button', { name: 'Create contact' }).click();
  await page.getByRole('heading', { name: `${contact.first} ${contact.last}` }).waitFor();
}

/** One of the keys that the CRM shows. */
async function keyOf(page: Page, name: string): Promise<string> {
  return ((await page.locator('dt', { hasText: name }).locator('+ dd').textContent()) ?? '').trim();
}

/** Opens a page of the plugin in a tab of its own, by the link in the CRM's footer. */
async function openFrom(crm: Page, name: string): Promise<Page> {
  const link = crm.getByRole('navigation', { name: 'Webhooks' }).getByRole('link', { name, exact: true });
  const [opened] = await Promise.all([crm.context().waitForEvent('page'), link.click({ modifiers: ['ControlOrMeta'] })]);
  await opened.waitForLoadState();
  await opened.bringToFront();
  return opened;
}

/** Opens an endpoint of the documentation. */
async function openEndpoint(docs: Page, method: string, path: string) {
  await docs.bringToFront();
  const endpoint = docs.locator('.opblock', {
    has: docs.getByRole('button', { name: new RegExp(`^${method}\\s*${path}(?![/\\w])`) }),
  });
  if ((await endpoint.getByRole('button', { name: 'Try it out' }).count()) === 0) {
    await endpoint
      .getByRole('button', { name: new RegExp(`^${method}\\s*${path}`) })
      .first()
      .click();
  }
  await endpoint.getByRole('button', { name: 'Try it out' }).waitFor();
  return endpoint;
}

/** Chooses what a bin answers. */
async function answerWith(bin: Page, status: string): Promise<void> {
  await bin.bringToFront();
  await bin.getByRole('button', { name: 'Change answer' }).click();
  await bin.getByLabel('Status').fill(status);
  await bin.getByRole('button', { name: 'Save answer' }).click();
  await bin.getByText(`${status}, to every request`).waitFor();
}

/** The payload of the request that the bin shows. */
async function payloadIn(bin: Page): Promise<Record<string, unknown>> {
  const text = await bin.getByLabel('Body, a form').textContent();
  return JSON.parse(text ?? '') as Record<string, unknown>;
}
