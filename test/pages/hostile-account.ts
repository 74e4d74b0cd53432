import type { ExecutionContext } from 'ava';
import { keys, listen, subscribe } from '../demo-program.ts';
import type { Visit } from './browser.ts';
import { hostileTexts } from './hostile-texts.ts';

/** Headers of a client of the contract. */
export const keyHeaders = { 'Api-Appid': keys.CRM_APP_ID, 'Api-Key': keys.CRM_API_KEY } as const;

/** Posts JSON to the CRM's own routes and answers what it says. */
export async function post<Answer = unknown>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/**
 * Gives the account of a CRM one subscription, tag, contact and failed delivery for each hostile text, which stands in the
 * URL, in `data`, in every field of the contact, in the name of the tag, and in the status line, the headers and the body of
 * what the receiver answers. Resolves when all deliveries have failed; with `--retry-ms 0` each takes two attempts.
 */
export async function makeHostileAccount(t: ExecutionContext, { crm }: Pick<Visit, 'crm'>): Promise<void> {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let left = hostileTexts.length * 2;
  const receiver = await listen((request, _body, _answer, response) => {
    const text = hostileTexts[Number(/\/(\d+)/.exec(request.url ?? '')?.[1])]?.text ?? '';
    const line = text.replaceAll(/[^\x20-\x7e]/g, ' ');
    response.writeHead(500, line, { 'Content-Type': 'text/html', Server: line, 'X-Hostile': line }).end(text);
    left -= 1;
    if (left === 0) resolve();
  });
  t.teardown(receiver.close);
  for (const [index, { text }] of hostileTexts.entries()) {
    const { id: tag } = await post<{ readonly id: number }>(`${crm.url}/tags`, { name: text.slice(-100) });
    const fields = { firstname: text, lastname: text, email: text, company: text, city: text };
    const { id: contact } = await post<{ readonly id: number }>(`${crm.url}/contacts`, fields);
    const data = JSON.stringify({ note: text, [text]: text });
    const url = `${receiver.url}/${index}?text=${text.replaceAll(/[^\x21-\x7e]|[\\#]/g, encodeURIComponent)}`;
    await subscribe(crm.url, { url, event: `sub_tag(${tag})`, data });
    await fetch(`${crm.url}/contacts/${contact}/tags/${tag}`, { method: 'PUT' });
  }
  await done;
}
