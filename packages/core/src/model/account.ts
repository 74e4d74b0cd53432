import { HookwellError } from '../errors.ts';
import { shown } from './shown.ts';

/** The host's own id of an account (a tenant, a customer). A number means the same as its digits. */
export type AccountId = string | number;

/**
 * The account id as it is stored.
 *
 * @throws {HookwellError} `invalid_input` unless it is a text of 1 to 200 characters or a whole number
 */
export function checkAccountId(accountId: AccountId): string {
  if (typeof accountId === 'number' && Number.isSafeInteger(accountId)) return String(accountId);
  if (typeof accountId === 'string' && accountId.length > 0 && accountId.length <= 200) return accountId;
  throw new HookwellError(
    'invalid_input',
    `Invalid accountId ${shown(accountId)}: pass a text of 1 to 200 characters or a whole number.`,
    { value: accountId },
  );
}
