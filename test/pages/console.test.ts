import test from 'ava';
import type { Page } from 'playwright-core';
import { listen, subscribe } from '../demo-program.ts';
import { signIn, visiting, type Visit } from './browser.ts';
import { post } from './hostile-account.ts';
import { lookAt } from './judge.ts';

const suspended = /^webhooks: subscription \d+ is suspended/;

/** A receiver that answers with a status, which can be changed. */
async function receiver(t: { readonly teardown: (close: () => void) => void }) {
  const state = { status: 200 };
  const { url, close } = await listen((_request, _body, _answer, response) => {
    response.writeHead(state.status, { 'Content-Type': 'text/plain' }).end(`answered ${state.status}`);
  });
  t.teardown(close);
  return { url, state };
}

/** So many contacts, created at once. */
async function contacts({ crm }: Visit, count: number): Promise<void> {
  await post(
    `${crm.url}/contacts`,
    Array.from({ length: count }, (_, index) => ({ firstname: 'No', lastname: String(index + 1) })),
  );
}

async function open(page: Page, hash: string): Promise<void> {
  await page.goto(`/1/console${hash}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

const rows = (page: Page) => page.getByRole('table', { name: 'Deliveries' }).getByRole('link');

/** Waits until the element that has the focus, or one around it, is such a one, with that text when one is given. */
async function focused(page: Page, selector: string, text: string | null = null): Promise<void> {
  await page.waitForFunction(
    ([wanted, content]) => {
      const found = document.activeElement?.closest(wanted);
      return found && (content === null || found.textContent === content);
    },
    [selector, text] as const,
  );
}

test.serial(
  'nobody who is not signed in sees anything but the way to sign in',
  visiting({ expected: [/status of 401/] }, async (t, { page, crm }) => {
    const answer = await page.goto('/1/console');
    t.is(answer?.status(), 401);
    t.is(await page.getByRole('link', { name: 'Sign in' }).getAttribute('href'), '/crm/sign-in');
    t.is(await page.locator('script').count(), 0);
    t.is((await fetch(`${crm.url}/1/manage/subscriptions`)).status, 401);
  }),
);

test.serial(
  'a row appears as it happens, and waits behind a button for whoever reads further down',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const { url } = await receiver(t);
    await subscribe(crm.url, { url, event: 'object_create(0)' });
    await signIn(page);
    await open(page, '#/log');
    await page.getByText('Nothing was sent yet').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await contacts(visit, 1);
    await rows(page).first().waitFor();
    await contacts(visit, 70);
    await page.getByText('71 attempts').waitFor();

    await page.mouse.move(640, 500);
    await page.mouse.wheel(0, 1_500);
    await page.waitForFunction(
      () => scrollY > 1_000 && Number(document.querySelector<HTMLElement>('.log-row')?.dataset['index']) > 5,
    );
    const reading = (): Promise<unknown> =>
      page.evaluate(() => [scrollY, document.elementFromPoint(400, 400)?.closest('[data-index]')?.getAttribute('aria-rowindex')]);
    const before = await reading();
    await contacts(visit, 3);
    const button = page.getByRole('button', { name: '3 new' });
    await button.waitFor();
    t.deepEqual(await reading(), before, 'what one reads stays where it is');
    await button.click();
    await page.waitForFunction(() => scrollY === 0);
    await page.getByText('74 attempts').waitFor();
    t.is(await button.count(), 0);
  }),
);

test.serial(
  'rows appear where nothing can be heard of changes, too: the log asks every few seconds, and says so',
  visiting({ expected: [/ERR_FAILED/] }, async (t, visit) => {
    const { page, crm } = visit;
    const { url } = await receiver(t);
    await subscribe(crm.url, { url, event: 'object_create(0)' });
    await signIn(page);
    await page.route('**/manage/live', async (route) => route.abort());
    await open(page, '#/log');
    await page.getByText('Nothing was sent yet').waitFor();
    await page.getByText('Every 5 seconds').waitFor();
    await contacts(visit, 1);
    await rows(page).first().waitFor();
    t.is(await rows(page).count(), 1);
  }),
);

test.serial(
  'the log of the last hour goes on to its end, page after page',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const { url } = await receiver(t);
    await subscribe(crm.url, { url, event: 'object_create(0)' });
    await contacts(visit, 150);
    await signIn(page);
    await open(page, '#/log?time=1h');
    await page.locator('[role=table][aria-rowcount="151"]').waitFor();
    await page.waitForFunction(() => {
      scrollTo(0, document.documentElement.scrollHeight);
      return document.querySelector('[role=row][aria-rowindex="151"]') !== null;
    });
    t.is(await page.getByRole('alert').count(), 0);
  }),
);

test.serial(
  'the log is read with keys alone: search, rows, a delivery, and back to the row',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const { url } = await receiver(t);
    await subscribe(crm.url, { url, event: 'object_create(0)' });
    await contacts(visit, 40);
    await signIn(page);
    await open(page, '');
    await page.keyboard.press('Tab');
    t.is(await page.evaluate(() => document.activeElement?.textContent), 'Skip to content');
    await page.keyboard.press('Enter');
    t.is(await page.evaluate(() => document.activeElement?.id), 'main');

    // On a slow machine, too, where it takes the log a while to be there.
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 30 });
    await page.keyboard.press('/');
    await focused(page, '[type=search]');
    await session.detach();
    t.is(await page.title(), 'Delivery log · Webhooks');
    await rows(page).first().waitFor();
    await page.keyboard.type('object_create');
    await page.waitForURL(/text=object_create/);
    t.is(await page.getByRole('searchbox').inputValue(), 'object_create');

    // All of them have arrived: what comes later would wait behind a button for whoever stands at a row.
    await page.locator('[role=table][aria-rowcount="41"]').waitFor();
    await page.locator('.log[aria-busy=false]').waitFor();
    await page.waitForLoadState('networkidle');
    await rows(page).first().focus();
    for (const [key, row] of [
      ['ArrowDown', 1],
      ['ArrowDown', 2],
      ['ArrowUp', 1],
      ['End', 39],
    ] as const) {
      await page.keyboard.press(key);
      await focused(page, `[data-index="${row}"]`);
    }
    await page.keyboard.press('Enter');
    const panel = page.getByRole('dialog', { name: 'Delivery' });
    await panel.getByText('It arrived').waitFor();
    await panel.getByRole('tab', { name: 'Fields' }).focus();
    await page.keyboard.press('ArrowRight');
    await panel.getByLabel('Body as it is sent').waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await focused(page, '[data-index="39"]');

    await page.getByRole('link', { name: 'Subscriptions' }).focus();
    await page.keyboard.press('Enter');
    await focused(page, 'h1', 'Subscriptions');
  }),
);

test.serial(
  'a subscription is made from what the account has, tested, paused with a reason, given a new secret, changed and deleted',
  visiting({ expected: [/status of 422/] }, async (t, visit) => {
    const { page } = visit;
    const { url } = await receiver(t);
    await signIn(page);
    await open(page, '#/subscriptions');
    await page.getByRole('link', { name: 'New subscription' }).click();
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByText('Choose an event.').waitFor();
    await page.getByLabel('Event').selectOption('sub_tag');
    await page.getByLabel('Tag', { exact: true }).selectOption({ label: 'VIP (3)' });
    await page.getByLabel('Send to').fill('ftp://nowhere');
    await page.getByLabel('Format').selectOption('lightweight');
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await focused(page, '[aria-invalid=true]');
    t.regex((await page.locator('.field-error').textContent()) ?? '', /ftp/);
    await page.getByLabel('Send to').fill(`${url}/in`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tag 3 is added', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Send test event' }).click();
    const tested = page.getByRole('dialog', { name: 'Test event' });
    await tested.getByText('It arrived').waitFor();
    t.is(await tested.getByLabel('The beginning of the answer').textContent(), 'answered 200');
    await tested.getByRole('button', { name: 'Done' }).click();
    await focused(page, 'button', 'Send test event');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Why').fill('Maria: our server moves');
    await page.keyboard.press('Enter');
    await page.getByText('Maria: our server moves.').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Healthy').waitFor();

    await page.getByRole('button', { name: 'Rotate secret' }).click();
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    const secret = page.getByRole('dialog', { name: 'The new secret' });
    t.regex((await secret.locator('code').textContent()) ?? '', /^whsec_/);
    await page.keyboard.press('Escape');
    t.is(await page.getByText('whsec_').count(), 0, 'it is shown once');

    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('radio', { name: 'JSON' }).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('lightweight, as JSON').waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing waits for it, so nothing is lost.').waitFor();
    await page.keyboard.press('Escape');
    await focused(page, 'button', 'Delete');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('No subscriptions yet').waitFor();
    await page.getByRole('button', { name: 'Ended' }).click();
    await page.getByRole('link', { name: 'Tag 3 is added' }).waitFor();
  }),
);

test.serial(
  'whoever is signed out meanwhile is told so, and loses nothing of what was typed',
  visiting({ expected: [/status of 401/] }, async (t, visit) => {
    const { page, context } = visit;
    const { url } = await receiver(t);
    await signIn(page);
    await open(page, '#/subscriptions/new');
    await page.getByLabel('Event').selectOption('object_create');
    await page.getByLabel('Send to').fill(`${url}/typed`);
    const cookies = await context.cookies();
    await context.clearCookies();
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('alert').getByText('Your session has ended').waitFor();
    const way = page.getByRole('link', { name: 'Sign in' }).first();
    t.is(await way.getAttribute('href'), '/crm/sign-in');
    t.is(await way.getAttribute('target'), '_blank');
    t.is(await page.getByLabel('Send to').inputValue(), `${url}/typed`);
    await context.addCookies(cookies);
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('heading', { name: 'A contact is created', level: 1 }).waitFor();
    t.is(await page.getByText('Your session has ended').count(), 0);
  }),
);

test.serial(
  'why it did not arrive can be read by anybody, and it is sent again once it can',
  visiting({ args: ['--retry-ms', '100', '--suspend-after', '3'], expected: [suspended] }, async (t, visit) => {
    const { page, crm } = visit;
    const { url, state } = await receiver(t);
    state.status = 500;
    const id = await subscribe(crm.url, { url, event: 'object_create(0)' });
    await signIn(page);
    await open(page, '#/');
    await contacts(visit, 3);
    await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
    await page.getByText('Suspended').first().waitFor();
    await page.getByText('Too many errors').first().waitFor();
    await page.getByText('The last answer was 500 Internal Server Error.').first().waitFor();
    t.true(await page.getByText('What happens next:').first().isVisible());
    await lookAt(t, visit, 'console-attention');

    await page.getByRole('link', { name: 'See its deliveries' }).click();
    await rows(page).first().click();
    const panel = page.getByRole('dialog', { name: 'Delivery' });
    await panel.getByText('The program at that address had an error. Look at its own log for this time.').first().waitFor();
    t.is(await panel.getByLabel('The beginning of the answer').first().textContent(), 'answered 500');
    await lookAt(t, visit, 'console-delivery');
    await page.keyboard.press('Escape');

    state.status = 200;
    await open(page, `#/subscriptions/${id}`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Healthy').waitFor();
    await lookAt(t, visit, 'console-subscription');
    await open(page, '#/log?status=delivered');
    await rows(page).first().click();
    await panel.getByText('It arrived at the second attempt').waitFor();
    await panel.getByRole('button', { name: 'Send again' }).click();
    await panel.getByText('It arrived at the third attempt').waitFor();
    for (const [hash, name] of [
      ['#/', 'console-overview'],
      ['#/subscriptions', 'console-subscriptions'],
      ['#/subscriptions/new', 'console-new'],
      ['#/log', 'console-log'],
    ] as const) {
      await open(page, hash);
      await page.waitForLoadState('load');
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      await lookAt(t, visit, name);
    }
  }),
);
