import test from 'ava';
import type { Locator, Page } from 'playwright-core';
import { keys } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { checkAccessibility, checkNothingForeign, lookAt } from './judge.ts';

const idOf: Readonly<Record<string, string>> = {
  'POST /Webhook/subscribe': '#operations-Webhooks-subscribe',
  'GET /Webhooks': '#operations-Webhooks-listWebhooks',
  'DELETE /Webhook/unsubscribe': '#operations-Webhooks-unsubscribe',
  'GET /manage/subscriptions': '#operations-Subscriptions-listSubscriptions',
  'GET /manage/live': '#operations-Live-listen',
  'sub_tag.lightweight': '#operations-webhooks-sub_tag_lightweight',
};

/** Opens an endpoint of the page, ready to be tried. */
async function open(page: Page, endpoint: string): Promise<Locator> {
  const block = page.locator(idOf[endpoint] ?? endpoint);
  await block.locator('.opblock-summary-control').click();
  await block.locator('.opblock-body').waitFor();
  return block;
}

/** Presses so many of the endpoints of the page, all at once: it draws them all anew for each. */
async function press(page: Page, from: number, until: number): Promise<void> {
  await page.locator('.opblock .opblock-summary-control').evaluateAll(
    (controls, [first, end]) => {
      for (const control of controls.slice(first, end)) (control as HTMLButtonElement).click();
    },
    [from, until] as const,
  );
}

/** Presses "Try it out", and answers the status and the text that came. */
async function tryOut(block: Locator): Promise<{ readonly status: string; readonly text: string }> {
  await block.getByRole('button', { name: 'Try it out' }).click();
  const answer = block.locator('.live-responses-table .response');
  await answer.waitFor();
  const status = (await answer.locator('.response-col_status').innerText()).split('\n')[0] ?? '';
  return { status, text: await answer.locator('pre').first().innerText() };
}

async function enterKeys(page: Page, appId: string, apiKey: string): Promise<void> {
  await page.getByLabel('App ID').fill(appId);
  await page.getByLabel('API key').fill(apiKey);
  await page.getByRole('button', { name: 'Use these keys' }).click();
}

test.serial(
  'one enters keys once, chooses a tag of one’s own, subscribes, sees it and unsubscribes, and no key is in any URL',
  visiting({ expected: [/status of 401/] }, async (t, { page }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto('/1/docs');
    await enterKeys(page, keys.CRM_APP_ID, 'wrong');
    t.is(await page.getByRole('alert').textContent(), 'Your App ID and API Key do not authenticate.');
    await enterKeys(page, keys.CRM_APP_ID, keys.CRM_API_KEY);
    await page.getByRole('button', { name: 'Forget them' }).waitFor();

    const subscribe = await open(page, 'POST /Webhook/subscribe');
    await subscribe.getByLabel('url', { exact: true }).fill('https://example.com/hooks');
    const own = subscribe.getByLabel('Events of your account');
    t.true((await own.locator('option').allTextContents()).includes('sub_tag(3): VIP'));
    await own.selectOption('sub_tag(3)');
    await subscribe.getByLabel('What to send').selectOption('{"format":"lightweight"}');
    const made = await tryOut(subscribe);
    t.is(made.status, '200');
    t.like(JSON.parse(made.text), { code: 0, data: { event: 'sub_tag(3)', id: 1, data: '{"format":"lightweight"}' } });

    const list = await open(page, 'GET /Webhooks');
    const seen = JSON.parse((await tryOut(list)).text) as { readonly data: readonly { readonly url: string }[] };
    t.deepEqual(
      seen.data.map(({ url }) => url),
      ['https://example.com/hooks'],
    );
    t.regex(await list.locator('.request-url').innerText(), /\/1\/Webhooks$/, 'nothing is filled in that was not asked for');

    await page.reload();
    await page.getByRole('button', { name: 'Forget them' }).waitFor();
    const unsubscribe = await open(page, 'DELETE /Webhook/unsubscribe');
    t.is((await tryOut(unsubscribe)).status, '200');
    await page.getByRole('button', { name: 'Forget them' }).click();
    await page.getByLabel('API key').waitFor();
    t.is((await tryOut(await open(page, 'GET /Webhooks'))).status, '401');
    t.deepEqual(
      asked.filter((url) => url.includes(keys.CRM_API_KEY)),
      [],
    );
    t.is(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), '{}');
  }),
);

test.serial(
  'who is signed in has examples and the management API without keys',
  visiting({}, async (t, { page }) => {
    await signIn(page);
    await page.goto('/1/docs');
    const subscribe = await open(page, 'POST /Webhook/subscribe');
    await subscribe.getByLabel('Events of your account').waitFor();
    t.is((await tryOut(await open(page, 'GET /manage/subscriptions'))).status, '200');
  }),
);

test.serial(
  'the page works with the keyboard, links to the other parts, and tells the twelve steps',
  visiting({}, async (t, { page }) => {
    await page.goto('/1/docs');
    await page.locator('.opblock').first().waitFor();
    await page.getByText('in twelve steps').click();
    t.is(await page.locator('.steps li').count(), 12);
    t.is(await page.locator('.introduction a[href="openapi.json"]').count(), 1);
    await page.getByLabel('App ID').fill(keys.CRM_APP_ID);
    await page.keyboard.press('Tab');
    await page.keyboard.type(keys.CRM_API_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Forget them' }).waitFor();
    const control = page.locator('#operations-Webhooks-listWebhooks .opblock-summary-control');
    await control.focus();
    await page.keyboard.press('Enter');
    const list = page.locator('#operations-Webhooks-listWebhooks');
    await list.getByRole('button', { name: 'Try it out' }).focus();
    await page.keyboard.press('Enter');
    await list.locator('.live-responses-table .response').waitFor();
    t.pass();
  }),
);

test.serial(
  'the page looks right in both sizes and colour schemes, and is accessible with endpoints and answers open',
  visiting({}, async (t, visit) => {
    const { page } = visit;
    await page.goto('/1/docs');
    await page.locator('.opblock').first().waitFor();
    await lookAt(t, visit, 'documentation');
    await enterKeys(page, keys.CRM_APP_ID, keys.CRM_API_KEY);
    await tryOut(await open(page, 'POST /Webhook/subscribe'));
    await open(page, 'sub_tag.lightweight');
    await tryOut(await open(page, 'GET /Webhooks'));
    await lookAt(t, visit, 'documentation-open');
    await checkNothingForeign(t, page, 'documentation');
  }),
);

test.serial(
  'every endpoint and payload can be opened, and each is accessible',
  visiting({}, async (t, { page }) => {
    await page.goto('/1/docs');
    await page.locator('.opblock').first().waitFor();
    const count = await page.locator('.opblock').count();
    t.true(count > 30);
    // A few at a time, and only those that are open, because a page with all of them takes minutes to judge.
    for (let at = 0; at < count; at += 6) {
      await press(page, at, at + 6);
      await page
        .locator('.opblock.is-open .responses-wrapper')
        .nth(Math.min(6, count - at) - 1)
        .waitFor();
      await checkAccessibility(t, page, `endpoints from ${at} on`, '.opblock.is-open');
      await press(page, at, at + 6);
    }
    await open(page, 'GET /manage/live');
    t.is(await page.locator(`${idOf['GET /manage/live']} .execute`).count(), 0, 'a stream has no end that could be shown');
  }),
);
