import { HookwellError } from '../errors.ts';
import { isKeyText, keyTextRule } from './key-text.ts';
import { shown } from './shown.ts';

/** The host's own id of an account (a tenant, a customer). A number means the same as its digits. */
export type AccountId = string | number;

/**
 * The account id as it is stored.
 *
 * @throws {HookwellError} `invalid_input` unless it is a whole number, or a text that can be a key
 */
export function checkAccountId(accountId: AccountId): string {
  if (typeof accountId === 'number' && Number.isSafeInteger(accountId)) return String(accountId);
  if (isKeyText(accountId)) return accountId;
  throw new HookwellError('invalid_input', `Invalid accountId ${shown(accountId)}: pass a whole number, or ${keyTextRule}.`, {
    value: accountId,
  });
}
