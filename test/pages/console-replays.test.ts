import test from 'ava';
import type { Page } from 'playwright-core';
import { listen, subscribe } from '../demo-program.ts';
import { signIn, visiting } from './browser.ts';
import { post } from './hostile-account.ts';
import { lookAt } from './judge.ts';

const rows = (page: Page) => page.getByRole('list', { name: 'Replays' }).getByRole('listitem');

test.serial(
  'what was delivered is counted, sent again, followed and cancelled, with keys where one likes',
  visiting({}, async (t, visit) => {
    const { page, crm } = visit;
    const received: string[] = [];
    const receiver = await listen((request, _body, answer) => {
      received.push(String(request.headers['webhook-id']));
      answer();
    });
    t.teardown(receiver.close);
    const id = await subscribe(crm.url, { url: `${receiver.url}/in`, event: 'object_create(0)' });
    await signIn(page);
    await page.goto('/1/console#/log');
    const contacts = Array.from({ length: 6 }, (_, index) => ({ firstname: 'No', lastname: String(index + 1) }));
    await post(`${crm.url}/contacts`, contacts);
    await page.getByText('6 attempts').waitFor();

    await page.getByRole('link', { name: 'Replays' }).click();
    await page.getByText('Nothing was sent again yet').waitFor();
    await page.getByRole('button', { name: 'Send again …' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Send again' });
    await dialog.getByText('Nothing fits, so nothing would be sent.').waitFor();
    t.true(await dialog.getByRole('button', { name: 'Send again' }).isDisabled());
    await dialog.getByLabel('Failed').uncheck();
    await dialog.getByText('Choose at least one of them.').waitFor();
    await dialog.getByLabel('Delivered').focus();
    await page.keyboard.press('Space');
    await dialog.getByText('6 deliveries fit.').waitFor();
    await dialog.getByLabel('When').selectOption({ label: 'Between …' });
    await dialog.getByLabel('From').fill('2026-01-02T10:00');
    await dialog.getByLabel('Until').fill('2026-01-01T10:00');
    await dialog.getByText('It must end after it begins.').waitFor();
    await lookAt(t, visit, 'console-replay-dialog');
    await dialog.getByLabel('Until').fill('');
    await dialog.getByRole('button', { name: 'Send 6 again' }).focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await rows(page).getByText('6 deliveries made due: 6 delivered.').waitFor();
    await rows(page).getByText('Done', { exact: true }).waitFor();
    t.is(received.length, 12);
    t.is(new Set(received).size, 6, 'each under its old id');

    await page.goto(`/1/console#/subscriptions/${id}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('button', { name: 'Send again …' }).click();
    t.is(await dialog.getByLabel('Subscription').inputValue(), String(id));
    await dialog.getByLabel('Delivered').check();
    await dialog.getByRole('button', { name: 'Send 6 again' }).click();
    await page.waitForURL(/#\/replays$/);
    await rows(page).first().getByText('6 deliveries made due: 6 waiting').waitFor();
    t.is(await rows(page).first().getByRole('progressbar').getAttribute('value'), '0');
    await lookAt(t, visit, 'console-replays');

    await rows(page)
      .first()
      .getByRole('button', { name: /^Cancel/ })
      .click();
    const question = page.getByRole('dialog', { name: 'Cancel this replay?' });
    await question.getByText('6 that wait').waitFor();
    await question.getByRole('button', { name: 'Cancel the replay' }).click();
    await rows(page).first().getByText('Cancelled by the account.').waitFor();
    t.is(await rows(page).count(), 2);
    t.is(received.length, 12);
  }),
);
