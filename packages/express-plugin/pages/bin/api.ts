import { apiPath } from './settings.ts';

/** Asks the API of bins. @throws {Error} whose message says what is wrong, in a sentence */
export async function ask<Json>(method: string, path: string, body?: unknown): Promise<Json> {
  let answer: Response;
  try {
    answer = await fetch(apiPath(path), {
      method,
      ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Error('The server was not reached. Try again in a moment.');
  }
  if (answer.status === 204) return undefined as Json;
  const value = (await answer.json().catch(() => null)) as { readonly detail?: string } | null;
  if (!answer.ok) throw new Error(value?.detail ?? `The server answered ${answer.status}.`);
  return value as Json;
}

/** What an error says. */
export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
