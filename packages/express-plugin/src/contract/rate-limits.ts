import { createHash } from 'node:crypto';
import QuickLRU from 'quick-lru';
import type { WebhooksOptions } from '../options.ts';
import type { Budget, RateLimit } from '../rate-limit-store.ts';
import { slidingLog } from './sliding-log.ts';

/** The budgets of accounts and of client addresses. A null budget is none: nothing is limited. */
export interface RateLimits extends RateLimit {
  /** Of the sessions of an account. */
  readonly sessions: RateLimit;
  /** Sessions of an account share a budget of their own, so that open pages hold up no key of it, nor keys the pages. */
  readonly takeSession: (accountId: string) => Promise<Budget | null>;
  readonly takeAccount: (accountId: string) => Promise<Budget | null>;
  readonly takeClient: (client: string) => Promise<Budget | null>;
  readonly giveClientBack: (client: string) => Promise<void>;
  /** Of the sessions that a client address shows and that are nobody's, apart from its keys likewise. */
  readonly takeVisitor: (client: string) => Promise<Budget | null>;
  readonly giveVisitorBack: (client: string) => Promise<void>;
  /** Whether what a request shows, a key pair or a session, was somebody's when it was last used. */
  readonly isKnown: (proof: string) => boolean;
  readonly remember: (proof: string) => void;
  readonly forget: (proof: string) => void;
}

/** Client addresses that are counted one by one at a time; those beyond share one budget, so that memory is bounded. */
const maxClients = 10_000;
const maxKnownProofs = 10_000;

/** Makes the budgets of one mount. Accounts are not bounded in number: each of them has keys of the host's. */
export function rateLimits({ rateLimit, monotonicNow }: Pick<WebhooksOptions, 'rateLimit' | 'monotonicNow'>): RateLimits {
  const { enabled, limit, sessionLimit, windowMs, store } = rateLimit;
  const accounts = store ?? slidingLog({ monotonicNow, maxKeys: Number.POSITIVE_INFINITY });
  const clients = store ?? slidingLog({ monotonicNow, maxKeys: maxClients });
  const known = new QuickLRU<string, true>({ maxSize: maxKnownProofs });

  return {
    limit,
    windowMs,
    sessions: { limit: sessionLimit, windowMs },
    takeSession: async (accountId) => (enabled ? accounts.take(`session:${accountId}`, { limit: sessionLimit, windowMs }) : null),
    takeAccount: async (accountId) => (enabled ? accounts.take(`account:${accountId}`, { limit, windowMs }) : null),
    takeClient: async (client) => (enabled ? clients.take(`client:${client}`, { limit, windowMs }) : null),
    giveClientBack: async (client) => (enabled ? clients.giveBack(`client:${client}`) : undefined),
    takeVisitor: async (client) => (enabled ? clients.take(`visitor:${client}`, { limit: sessionLimit, windowMs }) : null),
    giveVisitorBack: async (client) => (enabled ? clients.giveBack(`visitor:${client}`) : undefined),
    isKnown: (proof) => known.has(digest(proof)),
    remember: (proof) => void known.set(digest(proof), true),
    forget: (proof) => void known.delete(digest(proof)),
  };
}

/** No key is kept in memory as it is. */
function digest(proof: string): string {
  return createHash('sha256').update(proof).digest('base64');
}
