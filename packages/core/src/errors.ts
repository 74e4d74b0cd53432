/** Every code a {@link HookwellError} can carry. Codes are stable: they change only with a major version. */
export type HookwellErrorCode =
  | 'idempotency_conflict'
  | 'invalid_catalog'
  | 'invalid_data'
  | 'invalid_input'
  | 'invalid_option'
  | 'invalid_query'
  | 'invalid_record'
  | 'invalid_topic'
  | 'invalid_url'
  | 'not_found'
  | 'not_permitted'
  | 'not_running'
  | 'overloaded'
  | 'plugin_failed'
  | 'storage_busy'
  | 'storage_failed'
  | 'unknown_event'
  | 'unknown_format'
  | 'unknown_object_type'
  | 'wrong_state';

/** What a {@link HookwellError} tells beside its message. */
export interface HookwellErrorDetails {
  /** The offending value, as it was given. Never a secret. */
  readonly value?: unknown;
  /** The error underneath, e.g. what the database driver threw. */
  readonly cause?: unknown;
}

/**
 * The one error class of Hookwell. Its message names the value, the rule that it breaks and the way out;
 * its `code` is what programs should look at. Every code has a heading in `docs/errors.md`.
 *
 * @example
 * try {
 *   await engine.emit('sub_tag(3)', input)
 * } catch (error) {
 *   if (HookwellError.is(error, 'invalid_record')) respond(422, error.message)
 *   else throw error
 * }
 */
export class HookwellError extends Error {
  override readonly name = 'HookwellError';
  readonly code: HookwellErrorCode;
  readonly value: unknown;

  constructor(code: HookwellErrorCode, message: string, details: HookwellErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
  }

  /** Whether `error` is a Hookwell error, of that code if one is named. Works across copies of the package. */
  static is(error: unknown, code?: HookwellErrorCode): error is HookwellError {
    if (!(error instanceof Error) || error.name !== 'HookwellError' || !('code' in error)) return false;
    return code === undefined || error.code === code;
  }
}

/** The longest message of somebody else's error that is kept. */
const maxMessageLength = 500;

/** What an error says, whatever was thrown, which need not be an error and may itself throw when it is turned into text. */
export function messageOf(error: unknown): string {
  try {
    const message = error instanceof Error ? error.message : String(error);
    return (message === '' ? 'an error without a message' : message).slice(0, maxMessageLength).toWellFormed();
  } catch {
    return 'something was thrown that has no text';
  }
}
