import test from 'ava';
import type { Page } from 'playwright-core';
import { signIn, visiting } from './browser.ts';
import { keyHeaders, makeHostileAccount } from './hostile-account.ts';
import { hostileTexts } from './hostile-texts.ts';
import { checkNothingForeign } from './judge.ts';

const failing = { args: ['--retry-ms', '0'], expected: [/^webhooks: subscription \d+ is suspended/] };

test.serial(
  'what receivers and contacts say is text on the pages of the CRM',
  visiting(failing, async (t, visit) => {
    await makeHostileAccount(t, visit);
    const { page } = visit;
    await signIn(page);
    const seen = new Set<string>();
    for (let more = true; more;) {
      await checkNothingForeign(t, page, page.url());
      for (const name of await page.getByRole('heading', { level: 3 }).allTextContents())
        seen.add(name.trim().split(' ').at(-1) ?? '');
      more = (await page.getByRole('link', { name: 'Older ones' }).count()) > 0;
      if (more) await page.getByRole('link', { name: 'Older ones' }).click();
    }
    t.deepEqual(
      hostileTexts.map(({ word }) => word).filter((word) => !seen.has(word)),
      [],
    );
    for (const section of ['tags', 'forms', 'cars', 'webhooks']) {
      await page.goto(`/crm/${section}`);
      await checkNothingForeign(t, page, section);
    }
  }),
);

test.serial(
  'what receivers and contacts say is text in the console: in lists, subscriptions, deliveries, their requests and answers',
  visiting(failing, async (t, visit) => {
    await makeHostileAccount(t, visit);
    const { page, crm } = visit;
    await signIn(page);
    await page.goto('/1/console');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await checkNothingForeign(t, page, 'overview');
    const go = async (hash: string): Promise<void> => {
      await page.evaluate((to) => void (location.hash = to), hash);
      await page.waitForFunction(() => !document.querySelector('.loading, main [aria-busy=true]'));
      await checkNothingForeign(t, page, hash);
    };
    for (const hash of ['#/subscriptions', '#/subscriptions/new', '#/log']) await go(hash);
    for (const [index, { text, word }] of hostileTexts.entries()) {
      await go(`#/subscriptions/${index + 1}`);
      await page.getByText(`/${index}?text=`).first().waitFor();
      await go(`#/subscriptions/${index + 1}/edit`);
      await go(`#/log?subscription=${index + 1}&text=${encodeURIComponent(text)}`);
      await go(`#/log?text=${encodeURIComponent(word)}`);
    }
    for (const id of await deliveryIds(crm.url)) {
      await go(`#/deliveries/${id}`);
      await openAll(page);
      await checkNothingForeign(t, page, id);
      const shown = await page.getByRole('main').innerText();
      t.regex(shown, /hostile\d+end/, 'the answer or the payload is there, as text');
    }
  }),
);

test.serial(
  'what is sent to a bin is text: its path, query, headers and body, of any type',
  visiting({ expected: [/status of 404/] }, async (t, { page, crm }) => {
    await signIn(page);
    await page.goto('/1/bins');
    await page.getByRole('button', { name: 'New bin' }).click();
    const url = await page.getByLabel('URL of this bin').inputValue();
    const types = ['text/html', 'application/json', 'application/x-www-form-urlencoded', 'image/svg+xml', 'text/xml'];
    for (const [index, { text }] of hostileTexts.entries()) {
      const line = text.replaceAll(/[^\x20-\x7e]/g, ' ');
      const type = types[index % types.length] ?? '';
      await fetch(`${url}/${encodeURIComponent(text)}?text=${line.replaceAll(/[ #]/g, '+')}`, {
        method: 'POST',
        headers: { 'Content-Type': type, 'X-Hostile': line, 'webhook-signature': line, 'webhook-id': line, 'User-Agent': line },
        body: type.includes('json')
          ? JSON.stringify({ [text]: [text] })
          : type.includes('form')
            ? new URLSearchParams({ [text]: text, [`data[${text}]`]: text })
            : text,
      });
    }
    const requests = page.getByRole('list', { name: 'Requests, newest first' }).getByRole('button');
    await requests.nth(hostileTexts.length - 1).waitFor();
    for (const [index, { word }] of hostileTexts.toReversed().entries()) {
      await requests.nth(index).click();
      await page.getByRole('article').getByText(word).first().waitFor();
      for (const tab of ['Body', 'Headers', 'Raw']) {
        await page.getByRole('tab', { name: tab }).click();
        await checkNothingForeign(t, page, `${word} ${tab}`);
      }
      await page.getByRole('tab', { name: 'Body' }).click();
    }
    await page.goto('/1/bins');
    await page.getByRole('table').waitFor();
    await checkNothingForeign(t, page, 'all bins');
    t.is((await fetch(`${crm.url}/1/bins`, { headers: { Cookie: '' } })).status, 401);
  }),
);

test.serial(
  'names of tags are text in the documentation, and what an endpoint answers is, too',
  visiting(failing, async (t, visit) => {
    await makeHostileAccount(t, visit);
    const { page } = visit;
    await signIn(page);
    await page.goto('/1/docs');
    await page.getByLabel('App ID').fill(keyHeaders['Api-Appid']);
    await page.getByLabel('API key').fill(keyHeaders['Api-Key']);
    await page.getByRole('button', { name: 'Use these keys' }).click();
    const subscribe = page.locator('.opblock', { hasText: '/Webhook/subscribe' }).first();
    await subscribe.getByRole('button').first().click();
    await subscribe
      .getByRole('option', { name: hostileTexts[0]?.word ?? '' })
      .first()
      .waitFor({ state: 'attached' });
    await checkNothingForeign(t, page, 'the tags to choose from');
    const list = page.locator('.opblock', { hasText: 'See lines of the log' }).first();
    await list.getByRole('button').first().click();
    await list.getByRole('button', { name: 'Try it out' }).click();
    await list.locator('.live-responses-table').getByText('hostile50end').first().waitFor();
    await checkNothingForeign(t, page, 'what the log says');
  }),
);

/** The ids of all deliveries of the account. */
async function deliveryIds(url: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await fetch(`${url}/1/manage/attempts?limit=100${cursor && `&cursor=${cursor}`}`, { headers: keyHeaders });
    const answer = (await response.json()) as {
      readonly rows: readonly { readonly deliveryId: string }[];
      readonly next: string | null;
    };
    for (const { deliveryId } of answer.rows) ids.add(deliveryId);
    cursor = answer.next;
  }
  return [...ids];
}

/** Opens what is folded on the page: attempts with their answers, headers, the request. */
async function openAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    for (const button of document.querySelectorAll<HTMLElement>('main [aria-expanded=false]')) button.click();
  });
  await page.evaluate(async () => new Promise((resolve) => requestAnimationFrame(resolve)));
}
