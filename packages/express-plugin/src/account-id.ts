import { wrongAnswer } from './wrong-answer.ts';

/**
 * The id of an account as the engine knows it. `asked` is the option that answered it.
 *
 * @throws {HookwellError} `invalid_option` when it is none
 */
export function readAccountId(asked: string, value: unknown): string {
  if (Number.isSafeInteger(value) || (typeof value === 'string' && value.length > 0 && value.length <= 200)) return String(value);
  throw wrongAnswer(asked, 'accountId', value, 'a whole number or a text of 1 to 200 characters');
}
