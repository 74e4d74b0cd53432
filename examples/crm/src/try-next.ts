import type { Settings } from './arguments.ts';
import { webhookPages } from './page/webhook-pages.ts';

/** Pages to open, and commands that work as they are printed, for somebody who has seen the demo run. */
export function whatToTryNext(
  crmUrl: string,
  receiverUrl: string,
  { credentials: { appId, apiKey }, password }: Pick<Settings, 'credentials' | 'password'>,
): string {
  const keys = `-H ${quoted(`Api-Appid: ${appId}`)} -H ${quoted(`Api-Key: ${apiKey}`)}`;
  const pages = [{ href: '/', title: 'The CRM', purpose: 'contacts, cars, tags and forms' }, ...webhookPages];
  const width = Math.max(...pages.map(({ href }) => href.length));
  return `
The CRM stays up on ${crmUrl}, and the receiver on ${receiverUrl}.

Open in a browser, and sign in with the password ${password}

${pages.map(({ href, title, purpose }) => `   ${crmUrl}${href.padEnd(width)}  ${title}: ${purpose}`).join('\n')}

Programs send the App ID ${appId} and the API key ${apiKey}. Try next:

1. Subscribe to a tag:
   curl ${keys} -d url=${receiverUrl}/mine -d 'event=sub_tag(5)' --data-urlencode 'data={"format":"lightweight"}' ${crmUrl}/1/Webhook/subscribe

2. Give contact 1 that tag; the payload appears below:
   curl -X PUT ${crmUrl}/contacts/1/tags/5

3. See your subscriptions:
   curl ${keys} ${crmUrl}/1/Webhooks

Ctrl-C stops both.
`;
}

/** The text in single quotes, as a shell takes it to be one word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
