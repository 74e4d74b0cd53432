import { HookwellError, type HookwellErrorCode } from '@hookwell/core';
import { Refusal } from './refusal.ts';

/** An error as it goes out. */
export interface Failure {
  readonly status: number;
  /** Ready to be sent as HTML: nothing that a client sent can be markup in it. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it is nothing that the client can put right, so that somebody else must be told. */
  readonly ours: boolean;
}

const statuses: Partial<Record<HookwellErrorCode, number>> = {
  invalid_data: 400,
  invalid_input: 400,
  invalid_query: 400,
  invalid_topic: 400,
  invalid_url: 400,
  unknown_event: 400,
  unknown_format: 400,
  unknown_object_type: 400,
  not_permitted: 403,
  not_found: 404,
  not_running: 503,
  overloaded: 503,
  storage_busy: 503,
};

/** Longer than any text of ours: only a plugin's could be. */
const maxLength = 2_000;

/** What a client is told of an error: what it can put right itself, and nothing of what is inside. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return told(error.status, error.message, error.headers);
  const status = HookwellError.is(error) ? (statuses[error.code] ?? 500) : 500;
  if (status === 500) return told(500, 'Something went wrong here, not in your request. Try again later.');
  if (status === 503) return told(503, 'Not available right now. Try again in a moment.', { 'Retry-After': '5' });
  const { code, message } = error as HookwellError;
  return told(status, code === 'invalid_query' ? `Invalid query: ${message}` : message);
}

function told(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Failure {
  return { status, text: escapeText(message.slice(0, maxLength).toWellFormed()), headers, ours: status === 500 };
}

/** Quotes stay as they are: they mean nothing outside of tags, and most clients show the text as it is. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
