import { createHash } from 'node:crypto';
import QuickLRU from 'quick-lru';
import type { Credentials, WebhooksOptions } from '../options.ts';
import type { Budget, RateLimit } from '../rate-limit-store.ts';
import { slidingLog } from './sliding-log.ts';

/** The budgets of accounts and of client addresses. A null budget is none: nothing is limited. */
export interface RateLimits extends RateLimit {
  readonly takeAccount: (accountId: string) => Promise<Budget | null>;
  readonly takeClient: (client: string) => Promise<Budget | null>;
  readonly giveClientBack: (client: string) => Promise<void>;
  /** Whether this key pair was right when it was last used. */
  readonly isKnown: (credentials: Credentials) => boolean;
  readonly remember: (credentials: Credentials) => void;
  readonly forget: (credentials: Credentials) => void;
}

/** Client addresses that are counted one by one at a time; those beyond share one budget, so that memory is bounded. */
const maxClients = 10_000;
const maxKnownKeys = 10_000;

/** Makes the budgets of one mount. Accounts are not bounded in number: each of them has keys of the host's. */
export function rateLimits({ rateLimit, monotonicNow }: Pick<WebhooksOptions, 'rateLimit' | 'monotonicNow'>): RateLimits {
  const { enabled, limit, windowMs, store } = rateLimit;
  const accounts = store ?? slidingLog({ monotonicNow, maxKeys: Number.POSITIVE_INFINITY });
  const clients = store ?? slidingLog({ monotonicNow, maxKeys: maxClients });
  const known = new QuickLRU<string, true>({ maxSize: maxKnownKeys });

  return {
    limit,
    windowMs,
    takeAccount: async (accountId) => (enabled ? accounts.take(`account:${accountId}`, { limit, windowMs }) : null),
    takeClient: async (client) => (enabled ? clients.take(`client:${client}`, { limit, windowMs }) : null),
    giveClientBack: async (client) => (enabled ? clients.giveBack(`client:${client}`) : undefined),
    isKnown: (credentials) => known.has(digest(credentials)),
    remember: (credentials) => void known.set(digest(credentials), true),
    forget: (credentials) => void known.delete(digest(credentials)),
  };
}

/** No key is kept in memory as it is. A header holds no NUL, so that no two pairs have the same text. */
function digest({ appId, apiKey }: Credentials): string {
  return createHash('sha256').update(`${appId}\0${apiKey}`).digest('base64');
}
