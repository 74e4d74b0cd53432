import type { IncomingMessage } from 'node:http';
import { HookwellError, type AccountId } from '@hookwell/core';
import { shown } from './contract/refusal.ts';

/** Whose pages a request is for. */
export interface Visitor {
  /** The host's own id of the account. */
  readonly accountId: AccountId;
  /** What the pages call it, e.g. the name of the company; its id when left out. */
  readonly name?: string | undefined;
}

type MaybeVisitor = Visitor | null | undefined;

/**
 * Answers whose session a request belongs to, or null when it is nobody's. What it throws is answered with 500.
 */
export type AuthenticateVisitor = {
  // A method's parameters may be narrower: the host may say that `request` is the Request of its Express.
  authenticate(request: IncomingMessage): MaybeVisitor | Promise<MaybeVisitor>;
}['authenticate'];

/** A visitor, checked. */
export interface KnownVisitor {
  /** As the engine knows it. */
  readonly accountId: string;
  readonly name: string;
}

/**
 * Asks the host whose session it is; null when it is nobody's.
 *
 * @throws {HookwellError} `invalid_option` when the host answers something else; and what the host throws
 */
export async function readVisitor(request: IncomingMessage, ask: AuthenticateVisitor): Promise<KnownVisitor | null> {
  const visitor = await ask(request);
  if (visitor === null || visitor === undefined) return null;
  const { accountId, name = String(accountId) } = visitor;
  if (!(Number.isSafeInteger(accountId) || (typeof accountId === 'string' && accountId.length > 0 && accountId.length <= 200))) {
    throw wrong('accountId', accountId, 'a whole number or a text of 1 to 200 characters');
  }
  if (typeof name !== 'string') throw wrong('name', name, 'a text');
  return { accountId: String(accountId), name };
}

function wrong(member: keyof Visitor, value: unknown, wanted: string): HookwellError {
  return new HookwellError(
    'invalid_option',
    `webhooks: console.authenticate answered ${member} ${shown(value)}; it must be ${wanted}.`,
    { value },
  );
}
