import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { HookwellError } from '@hookwell/core';
import { permissions, type Authenticate, type Caller, type Credentials, type Permission } from '../options.ts';
import { shown } from './refusal.ts';

/** Whose request it is, checked. */
export interface Account {
  /** As the engine knows it. */
  readonly accountId: string;
  readonly owner: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** The key pair of the headers; null unless both are there. Node has made their names lower-case. */
export function readCredentials(headers: IncomingHttpHeaders): Credentials | null {
  const { 'api-appid': appId, 'api-key': apiKey } = headers;
  return typeof appId === 'string' && typeof apiKey === 'string' && appId !== '' && apiKey !== '' ? { appId, apiKey } : null;
}

/**
 * Asks the host whose keys these are; null when they are nobody's.
 *
 * @throws {HookwellError} `invalid_option` when the host answers something else; and what the host throws
 */
export async function authenticate(
  credentials: Credentials,
  request: IncomingMessage,
  ask: Authenticate,
): Promise<Account | null> {
  const caller = await ask(credentials, request);
  if (caller === null || caller === undefined) return null;
  const { accountId, owner = '1', permissions: may = permissions } = caller;
  if (!(Number.isSafeInteger(accountId) || (typeof accountId === 'string' && accountId.length > 0 && accountId.length <= 200))) {
    throw wrong('accountId', accountId, 'a whole number or a text of 1 to 200 characters');
  }
  if (typeof owner !== 'string' && typeof owner !== 'number') throw wrong('owner', owner, 'a text or a number');
  if (!Array.isArray(may) || !may.every((one: Permission) => permissions.includes(one))) {
    throw wrong('permissions', may, `a list of ${permissions.map((name) => `"${name}"`).join(', ')}`);
  }
  return { accountId: String(accountId), owner: String(owner), permissions: new Set(may) };
}

function wrong(member: keyof Caller, value: unknown, wanted: string): HookwellError {
  return new HookwellError('invalid_option', `webhooks: authenticate answered ${member} ${shown(value)}; it must be ${wanted}.`, {
    value,
  });
}
