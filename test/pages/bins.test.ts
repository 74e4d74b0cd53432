import test from 'ava';
import type { Page } from 'playwright-core';
import { signIn, visiting } from './browser.ts';
import { lookAt } from './judge.ts';

/** Makes a bin by hand, and answers its URL. */
async function newBin(page: Page): Promise<string> {
  await signIn(page);
  await page.goto('/1/bins');
  await page.getByRole('button', { name: 'New bin' }).click();
  return page.getByLabel('URL of this bin').inputValue();
}

test.serial(
  'a bin shows what arrives as it arrives, and is fit to look at in every size and colour',
  visiting({}, async (t, visit) => {
    const { page } = visit;
    await signIn(page);
    await page.goto('/1/bins');
    await page.getByText('No bins yet').waitFor();
    await lookAt(t, visit, 'bins-none');
    await page.getByRole('button', { name: 'New bin' }).click();
    const url = await page.getByLabel('URL of this bin').inputValue();
    await page.getByText('Nothing has arrived yet').waitFor();
    await lookAt(t, visit, 'bin-empty');

    const body = 'webhook_id=3&event%5Btype%5D=sub_tag&data%5Bfirstname%5D=Mary';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'webhook-id': 'delivery-1' };
    for (const method of ['POST', 'PUT']) await fetch(`${url}/deep?a=1`, { method, body, headers });
    await page.getByRole('button', { name: /^PUT #2 attempt 2/ }).waitFor();
    await page.getByRole('button', { name: /^POST #1/ }).click();
    await page.getByRole('heading', { name: 'POST /deep?a=1' }).waitFor();
    const decoded = JSON.parse(await page.getByRole('group', { name: 'Body, a form' }).innerText()) as unknown;
    t.deepEqual(decoded, { webhook_id: '3', event: { type: 'sub_tag' }, data: { firstname: 'Mary' } });
    await lookAt(t, visit, 'bin-form');
    await page.getByRole('tab', { name: 'Headers' }).click();
    await page.getByRole('cell', { name: 'delivery-1' }).waitFor();
    await lookAt(t, visit, 'bin-headers');
    await page.getByRole('tab', { name: 'Raw' }).click();
    await page.getByText('00000000  77 65 62 68').waitFor();
    await lookAt(t, visit, 'bin-raw');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download bytes' }).click(),
    ]);
    t.is(download.suggestedFilename(), 'request-1.bin');

    await page.getByRole('link', { name: 'All bins' }).click();
    await page.getByRole('table').waitFor();
    await lookAt(t, visit, 'bins');
  }),
);

test.serial(
  'with the keyboard alone a bin is told to fail twice, is watched, cleared, and deleted',
  visiting({ expected: [/status of 400/] }, async (t, visit) => {
    const { page } = visit;
    const url = await newBin(page);
    const press = async (name: string): Promise<void> => {
      await page.getByRole('button', { name, exact: true }).last().focus();
      await page.keyboard.press('Enter');
    };

    await press('Change answer');
    const dialog = page.getByRole('dialog');
    await page.waitForFunction(() => document.activeElement?.matches('dialog input'));
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('503');
    await dialog.getByLabel('every request').focus();
    await page.keyboard.press('ArrowDown');
    await dialog.getByLabel('How many of the next requests').fill('2');
    await dialog.getByLabel('Headers').fill('Set-Cookie: no');
    await press('Save answer');
    await dialog.getByRole('alert').getByText('Write "Name: value"').waitFor();
    await lookAt(t, visit, 'bin-answer-refused');
    await dialog.getByLabel('Headers').fill('Retry-After: 60');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('503: the next 2 requests, then 200').waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Change answer');

    const answers: unknown[] = [];
    for (let n = 0; n < 3; n += 1) {
      const answer = await fetch(url, { method: 'POST' });
      answers.push([answer.status, answer.headers.get('retry-after')]);
    }
    t.deepEqual(answers, [
      [503, '60'],
      [503, '60'],
      [200, null],
    ]);
    await page.getByText('200, after 2 answers with 503').waitFor();
    await press('Clear');
    await page.getByText('Nothing has arrived yet').waitFor();

    await press('Delete bin');
    await page.waitForFunction(() => document.activeElement?.textContent === 'Keep it');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete bin' }).focus();
    await page.keyboard.press('Enter');
    await lookAt(t, visit, 'bin-delete');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('No bins yet').waitFor();
    t.is((await fetch(url)).status, 404);
  }),
);

test.serial(
  'a secret that is entered on the page checks signatures there, and goes nowhere',
  visiting({}, async (t, { page }) => {
    const url = await newBin(page);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.url()} ${request.postData() ?? ''}`));
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const { Webhook } = await import('standardwebhooks');
    const now = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', now, 'a=1'),
    };
    await fetch(url, { method: 'POST', body: 'a=1', headers });
    await page.getByText('Signature not checked').waitFor();
    await page.getByLabel('Signing secret').fill(secret);
    await page.getByText('Signature verified').waitFor();
    await fetch(url, { method: 'POST', body: 'a=2', headers });
    await page.getByText('Signature wrong').waitFor();
    await page.getByText('the body or a header was changed').waitFor();
    t.deepEqual(
      asked.filter((one) => one.includes('whsec') || one.includes(secret.slice(6))),
      [],
    );
    await page.reload();
    t.is(await page.getByLabel('Signing secret').inputValue(), '');
  }),
);
