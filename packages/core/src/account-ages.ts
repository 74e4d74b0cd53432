import { HookwellError } from './errors.ts';
import { inTime } from './in-time.ts';
import { checkAccountId } from './model/account.ts';
import { maxAccountRetentions, type AccountPruneAges, type AccountRetention, type AccountRetentions } from './model/retention.ts';
import { shown } from './model/shown.ts';
import { resolveOptions, type EngineOptions } from './options.ts';
import { AccountRetentionSchema } from './policy-options.ts';

const option = 'createEngine: option "retention.accounts"';

/**
 * The accounts of which something else may be forgotten than of all others, as the host has them now.
 *
 * @throws {HookwellError} `invalid_option` for what is no such list; and what the host's function throws
 */
export async function accountAges({
  retention,
  hookTimeoutMs,
}: Pick<EngineOptions, 'retention' | 'hookTimeoutMs'>): Promise<readonly AccountPruneAges[]> {
  const { accounts = [] } = retention;
  if (typeof accounts !== 'function') return checkAccountRetentions(accounts, retention);
  const tooLate = (): Error => new Error(`${option} has not answered within ${hookTimeoutMs} ms`);
  return checkAccountRetentions(await inTime(accounts(), hookTimeoutMs, tooLate), retention);
}

/**
 * The ages of each account of a list, with those that it leaves out.
 *
 * @throws {HookwellError} `invalid_option`
 */
export function checkAccountRetentions(
  given: Exclude<AccountRetentions, () => unknown>,
  { deliveredMs, failedMs, maxAttemptsPerAccount }: EngineOptions['retention'],
): readonly AccountPruneAges[] {
  if (!Array.isArray(given)) throw invalid(`is ${shown(given)}, and not a list of accounts`, given);
  if (given.length > maxAccountRetentions) {
    throw invalid(`has ${given.length} accounts, and may have ${maxAccountRetentions} at the most`, given.length);
  }
  const ages = new Map<string, AccountPruneAges>();
  for (const [index, one] of (given as readonly AccountRetention[]).entries()) {
    const own = resolveOptions(AccountRetentionSchema, one, `${option}[${index}]`);
    const accountId = checkAccountId(own.accountId);
    if (ages.has(accountId)) throw invalid(`has the account ${shown(accountId)} twice`, accountId);
    ages.set(accountId, {
      accountId,
      deliveredAfterMs: own.deliveredMs ?? deliveredMs,
      failedAfterMs: own.failedMs ?? failedMs,
      maxAttemptsPerAccount: own.maxAttemptsPerAccount ?? maxAttemptsPerAccount,
    });
  }
  return [...ages.values()];
}

function invalid(problem: string, value: unknown): HookwellError {
  return new HookwellError('invalid_option', `${option} ${problem}.`, { value });
}
