import type { Subscription } from '@hookwell/core';
import { Problem } from './problem.ts';
import type { ManageContext } from './route.ts';
import type { HeadersJson } from './schemas-requests.ts';

/** The headers of its own that a subscription has, by name. A keeper that cannot open them hides no subscription. */
export function headerNames(subscription: Subscription, { options, report }: ManageContext): string[] {
  try {
    return options.headers?.headersOf(subscription).map(({ name }) => name) ?? [];
  } catch (error) {
    report(error);
    return [];
  }
}

type Owner = Pick<Subscription, 'accountId'> & Partial<Subscription>;

/**
 * The attributes that headers are kept in; undefined where none are named.
 *
 * @throws {Problem} `no_headers`
 * @throws {HookwellError} `invalid_input`
 */
export function headerAttributes(
  owner: Owner,
  { headers, auth }: HeadersJson,
  { options }: ManageContext,
): Readonly<Record<string, string | null>> | undefined {
  if (headers === undefined && auth === undefined) return undefined;
  if (!options.headers) {
    throw new Problem('no_headers', 'Subscriptions have no headers of their own here. Leave `headers` and `auth` out.');
  }
  return options.headers.seal(owner, { headers, auth: auth?.type === 'none' ? null : auth });
}

/**
 * Checks that nothing which was chosen for the host of the old URL goes to that of a new one: whoever may change a URL could
 * otherwise be sent what no answer shows.
 *
 * @throws {Problem} `invalid_body`, naming what must be chosen anew
 */
export function checkMove(before: Subscription, url: string, { headers, auth }: HeadersJson, { options }: ManageContext): void {
  if (isSameHost(before.url, url)) return;
  // What cannot be opened may be opened again one day, when it would go to the new host.
  const names = options.headers?.headersOf(before).map(({ name }) => name.toLowerCase()) ?? [];
  const stays = (part: 'headers' | 'auth', mayStay: boolean): void => {
    if (!mayStay) return;
    throw new Problem(
      'invalid_body',
      `The member "${part}" is missing: this subscription has ${part === 'auth' ? 'an Authorization' : 'headers'} for the host of its old URL. Send it again for the new one, ${part === 'auth' ? 'or {"type":"none"}' : 'or an empty list'}.`,
      { part },
    );
  };
  stays('auth', auth === undefined && names.includes('authorization'));
  stays('headers', headers === undefined && names.some((name) => name !== 'authorization'));
}

function isSameHost(one: string, other: string): boolean {
  if (one === other) return true;
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [first, second] = [new URL(one), new URL(other)];
  return first.host !== '' && first.protocol === second.protocol && first.host === second.host;
}
