import test from 'ava';
import { signIn, visiting } from './browser.ts';
import { makeHostileAccount } from './hostile-account.ts';
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
