import type { Authenticate } from '../options.ts';
import type { Budget } from '../rate-limit-store.ts';
import { authenticate, readCredentials, type Account } from './authenticate.ts';
import { clientNetwork } from './client-network.ts';
import { countBudget } from './count-budget.ts';
import type { RateLimits } from './rate-limits.ts';
import { Refusal } from './refusal.ts';
import type { HostRequest } from '../request.ts';

/** What `admit` works with. */
export interface AdmitContext {
  readonly authenticate: Authenticate;
  readonly limits: RateLimits;
}

/**
 * Finds out whose request it is and counts it, and puts into `headers` what is left: of the account's budget, or of the
 * client address's when it is nobody's.
 *
 * Keys that have not been seen to be right are counted by client address before they are looked at, so that they cannot
 * be guessed at speed. That budget is given back when they turn out right; and keys that were right before do not need
 * it, so that a stranger behind the same address holds up nobody.
 *
 * @throws {Refusal} 401, 429
 * @throws {Error} for what the host's own parts throw: it says nothing about the request, whatever its code
 */
export async function admit(request: HostRequest, context: AdmitContext, headers: Record<string, string>): Promise<Account> {
  try {
    return await identify(request, context, headers);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`webhooks could not tell whose request this is: ${said}`, { cause: error });
  }
}

async function identify(request: HostRequest, context: AdmitContext, headers: Record<string, string>): Promise<Account> {
  const { limits } = context;
  const credentials = readCredentials(request.headers);
  const client = clientNetwork(request.ip ?? request.socket.remoteAddress);
  const count = (budget: Budget | null): void => countBudget(budget, limits, headers);

  // A header holds no NUL, so that no two pairs have the same text.
  const proof = credentials && `key\0${credentials.appId}\0${credentials.apiKey}`;
  const known = proof !== null && limits.isKnown(proof);
  if (!known) count(await limits.takeClient(client));
  let account: Account | null = null;
  try {
    account = credentials && (await authenticate(credentials, request, context.authenticate));
  } finally {
    if (known && !account) {
      limits.forget(proof);
      count(await limits.takeClient(client));
    }
  }
  if (!proof || !account) throw new Refusal(401, 'Your App ID and API Key do not authenticate.');
  if (!known) {
    limits.remember(proof);
    await limits.giveClientBack(client);
  }
  count(await limits.takeAccount(account.accountId));
  return account;
}
