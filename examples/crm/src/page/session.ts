import { createHmac, hkdfSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { accountId } from '../account.ts';
import { same } from '../same.ts';

const cookie = 'crm_session';
const lastsMs = 12 * 3_600_000;

/** Who is signed in. */
export interface Session {
  readonly accountId: number;
  readonly name: string;
}

/** Signing in and out, by a cookie. */
export interface Sessions {
  /** The header that signs somebody in who knows the password; null when it is another one. */
  readonly signIn: (password: string) => string | null;
  readonly signedOut: string;
  /** Whose session it is; null when nobody is signed in. */
  readonly find: (request: IncomingMessage) => Session | null;
}

/**
 * Sessions without a store: the cookie says until when it holds, signed with a key that each process of the CRM derives
 * from the password, so that all of them know it. A CRM with many users looks a random id up instead.
 */
export function sessions(password: string): Sessions {
  const key = Buffer.from(hkdfSync('sha256', password, '', 'crm session', 32));
  const sign = (until: string): string => createHmac('sha256', key).update(until).digest('base64url');
  // Lax keeps it from what other sites post; there is no Secure, because the CRM is served over http on this machine.
  const header = (value: string, maxAge: number): string =>
    `${cookie}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`;
  return {
    signIn(given) {
      if (!same(given, password)) return null;
      const until = String(Date.now() + lastsMs);
      return header(`${until}.${sign(until)}`, lastsMs / 1_000);
    },
    signedOut: header('', 0),
    find(request) {
      const [, until = '', signature = ''] =
        /(?:^|; )crm_session=(\d+)\.([\w-]+)(?:;|$)/.exec(request.headers.cookie ?? '') ?? [];
      if (!same(signature, sign(until)) || Number(until) < Date.now()) return null;
      return { accountId, name: 'Demo account' };
    },
  };
}

/** Whether a page of this CRM sent it, and not one of another site, or of another port of this machine. */
export function isOwnRequest({ headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] !== undefined) return headers['sec-fetch-site'] === 'same-origin';
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
