import type { IncomingMessage } from 'node:http';
import type { AccountId } from '@hookwell/core';
import { readAccountId } from './account-id.ts';
import { wrongAnswer } from './wrong-answer.ts';

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
  const known = readAccountId(asked, accountId);
  if (typeof name !== 'string') throw wrongAnswer(asked, 'name', name, 'a text');
  return { accountId: known, name };
}

const asked = 'console.authenticate';
