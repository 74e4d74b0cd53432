import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { keys, listen, subscribe } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { lookAt } from './judge.ts';

test.serial(
  'the pages ask for the password, take no other, lead to where one was going, and let one out again',
  visiting({ expected: [/status of 403/] }, async (t, { page, context }) => {
    await page.goto('/crm/tags');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    t.is(await page.getByRole('alert').textContent(), 'That is not the password.');
    await page.getByLabel('Password').fill(keys.CRM_API_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tags', level: 1 }).waitFor();
    const cookies = await context.cookies();
    t.deepEqual(
      cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
      [{ name: 'crm_session', httpOnly: true, sameSite: 'Lax' }],
    );
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto('/');
    await page.getByLabel('Password').waitFor();
  }),
);

test.serial(
  'a contact is made, tagged and untagged by hand, and each of it is told to who subscribed',
  visiting({}, async (t, { crm, page }) => {
    const inbox = await letters();
    t.teardown(inbox.close);
    for (const event of ['object_create(0)', 'sub_tag(3)', 'unsub_tag(3)']) {
      await subscribe(crm.url, { url: inbox.url, event, data: '{"format":"lightweight"}' });
    }
    await signIn(page);
    await page.getByLabel('First name').fill('Mary');
    await page.getByLabel('Last name').fill('Jones');
    await page.getByLabel('Email').fill('mary@example.com');
    await page.getByRole('button', { name: 'Create contact' }).click();
    t.regex((await page.getByRole('status').textContent()) ?? '', /object_create\(0\)\s+happened to contact 1/);
    t.like(Object.fromEntries(await inbox.take()), { 'event[type]': 'object_create', 'data[firstname]': 'Mary' });

    await page.getByRole('button', { name: 'Add the tag VIP to Mary Jones' }).click();
    t.like(Object.fromEntries(await inbox.take()), { 'event[type]': 'sub_tag', 'data[email]': 'mary@example.com' });
    await page.getByRole('button', { name: 'Remove the tag VIP from Mary Jones' }).click();
    t.like(Object.fromEntries(await inbox.take()), { 'event[type]': 'unsub_tag', 'data[lastname]': 'Jones' });
    await page.getByRole('button', { name: 'Add the tag VIP to Mary Jones' }).waitFor();
  }),
);

test.serial(
  'a form is submitted for a contact and for a new one, and a car is made and tagged',
  visiting({ expected: [/status of 404/] }, async (t, { crm, page }) => {
    const inbox = await letters();
    t.teardown(inbox.close);
    for (const event of ['object_submits_form(2)', 'object_create(10001)', 'sub_tag(1)']) {
      await subscribe(crm.url, { url: inbox.url, event });
    }
    await signIn(page, '/crm/forms');
    const form = page.getByRole('region', { name: 'Book a test drive' });
    await form.getByLabel('First name').fill('Zoë');
    await form.getByRole('button', { name: 'Submit Book a test drive' }).click();
    t.like(Object.fromEntries(await inbox.take()), { 'event[form_id]': '2', 'data[id]': '1', 'data[firstname]': 'Zoë' });
    await form.getByLabel('Number of a contact').fill('1');
    await page.keyboard.press('Enter');
    t.like(Object.fromEntries(await inbox.take()), { 'event[form_id]': '2', 'data[id]': '1' });
    await form.getByLabel('Number of a contact').fill('99');
    await page.keyboard.press('Enter');
    t.is(await page.getByRole('alert').textContent(), 'There is no contact 99.');
    t.is(await form.getByLabel('Number of a contact').inputValue(), '99', 'what was typed is still there');

    await page.getByRole('link', { name: 'Cars' }).click();
    await page.getByLabel('Make').fill('Fiat');
    await page.getByLabel('Model').fill('Panda');
    await page.getByLabel('Price').fill('1200.5');
    await page.getByLabel('Owner').fill('1');
    await page.getByRole('button', { name: 'Create car' }).click();
    t.like(Object.fromEntries(await inbox.take()), { object_type_id: '10001', 'data[make]': 'Fiat', 'data[price]': '1200.5' });
    await page.getByRole('button', { name: 'Add the tag Customer to Fiat Panda' }).click();
    t.like(Object.fromEntries(await inbox.take()), { object_type_id: '10001', 'event[tag_id]': '1' });
  }),
);

test.serial(
  'lists go on to older records and stay where they are when a tag is added',
  visiting({}, async (t, { crm, page }) => {
    const contacts = Array.from({ length: 45 }, (_, index) => ({ firstname: 'No', lastname: String(index + 1) }));
    const response = await fetch(`${crm.url}/contacts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(contacts),
    });
    t.is(response.status, 201);
    await signIn(page);
    t.is(await page.getByRole('heading', { level: 3 }).count(), 20);
    await page.getByRole('link', { name: 'Older ones' }).click();
    await page.getByRole('heading', { name: 'No 25' }).waitFor();
    await page.getByRole('button', { name: 'Add the tag Newsletter to No 7' }).click();
    await page.getByRole('button', { name: 'Remove the tag Newsletter from No 7' }).waitFor();
    await page.getByRole('link', { name: 'Older ones' }).click();
    await page.getByRole('heading', { name: 'No 5', exact: true }).waitFor();
    t.is(await page.getByRole('link', { name: 'Older ones' }).count(), 0);
  }),
);

test.serial(
  'names are shown as they were typed, whatever signs are in them',
  visiting({}, async (t, { page }) => {
    const name = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
    await signIn(page);
    await page.getByLabel('First name').fill(name);
    await page.getByLabel('Company').fill('&lt;b&gt; & <b>');
    await page.getByRole('button', { name: 'Create contact' }).click();
    t.is((await page.getByRole('heading', { level: 3 }).textContent())?.trim(), name);
    await page.getByText('No. 1 · &lt;b&gt; & <b>').waitFor();
    await page.goto('/crm/contacts?told=%3Cb%3E(1)&kind=contacts&id=1');
    t.is(await page.getByRole('status').count(), 0, 'an address tells of events only');
  }),
);

test.serial(
  'only pages of the CRM itself may send its forms, and nobody who is not signed in',
  visiting({}, async (t, { crm, page, context }) => {
    await signIn(page);
    const [cookie] = await context.cookies();
    const post = async (headers: Readonly<Record<string, string>>) => {
      const body = new URLSearchParams({ firstname: 'Mallory' });
      const { status } = await fetch(`${crm.url}/crm/contacts`, { method: 'POST', headers, body, redirect: 'manual' });
      return status;
    };
    const signedIn = { Cookie: `crm_session=${cookie?.value}` };
    t.is(await post({ ...signedIn, 'Sec-Fetch-Site': 'same-site' }), 403);
    t.is(await post({ ...signedIn, Origin: 'http://127.0.0.1:1' }), 403);
    t.is(await post(signedIn), 403);
    t.is(await post({ Cookie: `crm_session=9999999999999.${cookie?.value.split('.')[1]}`, Origin: crm.url }), 303);
    const { records } = (await (await fetch(`${crm.url}/contacts`)).json()) as { readonly records: readonly unknown[] };
    t.deepEqual(records, []);
    t.is(await post({ ...signedIn, Origin: crm.url }), 303);
    await page.reload();
    await page.getByRole('heading', { name: 'Mallory' }).waitFor();
  }),
);

test.serial('a session holds with each of several processes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-pages-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const args = ['--processes', '2', '--database', join(folder, 'crm.sqlite')];
  await visiting({ args, expected: [/^Process \d is \d+$/] }, async (_t, { page }) => {
    await signIn(page);
    for (const section of ['Cars', 'Tags', 'Forms', 'Webhooks', 'Contacts', 'Cars']) {
      await page.getByRole('link', { name: section, exact: true }).first().click();
      await page.getByRole('heading', { name: section, level: 1 }).waitFor();
    }
  })(t);
});

test.serial(
  'every page of the CRM looks right in both sizes and colour schemes, and is accessible',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    await page.goto('/');
    await lookAt(t, visit, 'crm-sign-in');
    await signIn(page);
    const create = async (path: string, records: readonly object[]) =>
      fetch(crm.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(records),
      });
    await create('/contacts', [
      { firstname: 'Amina', lastname: 'Okafor', email: 'amina@okafor.example', company: 'Okafor & Daughters', city: 'Lagos' },
      { firstname: 'Bence', lastname: 'Szabó', email: 'bence.szabo@example.com', city: 'Győr' },
      { firstname: '', lastname: '', email: 'somebody.with.quite.a.long.address@subdomain.of.a.long.domain.example.com' },
      { firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com', company: 'Jones Ltd', city: 'Leeds' },
    ]);
    await create('/cars', [
      { make: 'Fiat', model: 'Panda', year: 1999, colour: 'red', price: 1_200.5, contact_id: 1 },
      { make: 'Volvo', model: '240 Estate', year: 1988, colour: 'dark blue', price: 4_900, contact_id: 4 },
    ]);
    await page.reload();
    await page.getByRole('button', { name: 'Add the tag Newsletter to Amina Okafor' }).click();
    await page.getByRole('button', { name: 'Add the tag VIP to Mary Jones' }).click();
    for (const section of ['contacts', 'cars', 'tags', 'forms', 'webhooks']) {
      if (section !== 'contacts') await page.goto(`/crm/${section}`);
      await lookAt(t, visit, `crm-${section}`);
    }
  }),
);

/** A receiver whose payloads wait to be taken. */
async function letters() {
  const waiting: URLSearchParams[] = [];
  let wake = () => {};
  const { url, close } = await listen((_request, body, answer) => {
    waiting.push(new URLSearchParams(body));
    wake();
    answer();
  });
  async function take(): Promise<URLSearchParams> {
    while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return waiting.shift() as URLSearchParams;
  }
  return { url, close, take };
}
