import { HookwellError, type HookwellErrorCode } from '@hookwell/core';
import { Refusal } from '../contract/refusal.ts';
import { Problem, type ProblemCode } from './problem.ts';

const codes: Partial<Record<HookwellErrorCode, ProblemCode>> = {
  invalid_data: 'invalid_body',
  invalid_input: 'invalid_body',
  invalid_topic: 'invalid_topic',
  invalid_url: 'invalid_url',
  not_found: 'not_found',
  not_permitted: 'not_permitted',
  not_running: 'unavailable',
  overloaded: 'unavailable',
  storage_busy: 'unavailable',
  unknown_event: 'invalid_topic',
  unknown_format: 'unknown_format',
  unknown_object_type: 'invalid_topic',
  wrong_state: 'wrong_state',
};

const refusals: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid_body',
  401: 'not_authenticated',
  429: 'too_many_requests',
};

/** Longer than any text of ours: only a plugin's could be. */
const maxLength = 2_000;

/** What a client is told of an error: what it can put right itself, and nothing of what is inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) {
    const code = refusals[error.status];
    return code ? new Problem(code, error.message, { headers: error.headers }) : internal();
  }
  const code = HookwellError.is(error) ? codes[error.code] : undefined;
  if (!code) return internal();
  if (code === 'unavailable') {
    return new Problem(code, 'Not available right now. Try again in a moment.', { headers: { 'Retry-After': '5' } });
  }
  return new Problem(code, (error as HookwellError).message.slice(0, maxLength).toWellFormed());
}

function internal(): Problem {
  return new Problem('internal_error', 'Something went wrong here, not in your request. Try again later.');
}
