import type { Credentials } from './arguments.ts';

/** Commands that work as they are printed, for somebody who has seen the demo run. */
export function whatToTryNext(crmUrl: string, receiverUrl: string, { appId, apiKey }: Credentials): string {
  const keys = `-H ${quoted(`Api-Appid: ${appId}`)} -H ${quoted(`Api-Key: ${apiKey}`)}`;
  return `
The CRM stays up on ${crmUrl}, and the receiver on ${receiverUrl}. Try next:

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
