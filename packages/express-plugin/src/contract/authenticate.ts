import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { readAccountId } from '../account-id.ts';
import { permissions, type Authenticate, type Caller, type Credentials, type Permission } from '../options.ts';
import { wrongAnswer } from '../wrong-answer.ts';

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
  const { owner = '1', permissions: may = permissions } = caller;
  const accountId = readAccountId('authenticate', caller.accountId);
  if (typeof owner !== 'string' && typeof owner !== 'number') throw wrong('owner', owner, 'a text or a number');
  if (!Array.isArray(may) || !may.every((one: Permission) => permissions.includes(one))) {
    throw wrong('permissions', may, `a list of ${permissions.map((name) => `"${name}"`).join(', ')}`);
  }
  return { accountId, owner: String(owner), permissions: new Set(may) };
}

function wrong(member: keyof Caller, value: unknown, wanted: string): Error {
  return wrongAnswer('authenticate', member, value, wanted);
}
