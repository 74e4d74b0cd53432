import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { listen, subscribe } from '../demo-program.ts';
import type { Visit } from './browser.ts';
import { keyHeaders, post } from './hostile-account.ts';

/**
 * Fills the log of a CRM that was started with `--retry-ms 0`: by so many new contacts, of each of which two subscriptions
 * are told. Every tenth request of one of them is refused twice, so that it fails. Resolves when nothing is left to send.
 */
export async function fillLog(t: ExecutionContext, { crm }: Pick<Visit, 'crm'>, contacts: number): Promise<void> {
  const receiver = await listen((request, body, answer, response) => {
    const id = Number(new URLSearchParams(body).get('data[id]'));
    if (request.url === '/picky' && id % 10 === 0) response.writeHead(500).end('every tenth is one too many');
    else answer();
  });
  t.teardown(receiver.close);
  for (const path of ['/picky', '/patient']) {
    await subscribe(crm.url, { url: receiver.url + path, event: 'object_create(0)', data: '{"format":"lightweight"}' });
  }
  for (let made = 0; made < contacts; made += 500) {
    const batch = Array.from({ length: Math.min(500, contacts - made) }, (_, index) => ({
      firstname: 'Contact',
      lastname: `Number ${made + index + 1}`,
      email: `contact${made + index + 1}@example.com`,
    }));
    await post(`${crm.url}/contacts`, batch);
  }
  const waiting = async (): Promise<number> => {
    const response = await fetch(`${crm.url}/1/manage/deliveries?limit=1`, { headers: keyHeaders });
    return ((await response.json()) as { readonly rows: readonly unknown[] }).rows.length;
  };
  while ((await waiting()) > 0) await setTimeout(1_000);
}
