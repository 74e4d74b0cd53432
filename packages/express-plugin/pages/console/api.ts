import type { ProblemJson } from '../../src/manage/problem.ts';
import { settings } from './settings.ts';

/** Why a call of the API did not do what it should. */
export class ApiError extends Error {
  /** 0 when there was no answer. */
  readonly status: number;
  readonly title: string;
  /** The parameter, or the member of the body, that is wrong. */
  readonly part: string | undefined;

  constructor(status: number, title: string, detail: string, part?: string) {
    super(detail);
    this.status = status;
    this.title = title;
    this.part = part;
  }
}

type SessionListener = (ended: boolean) => void;

const sessionListeners = new Set<SessionListener>();
let sessionEnded = false;

/** Tells whether the session has ended, from now on whenever that changes. Answers how to stop. */
export function onSession(listener: SessionListener): () => void {
  sessionListeners.add(listener);
  return () => sessionListeners.delete(listener);
}

function noteSession(ended: boolean): void {
  if (ended === sessionEnded) return;
  sessionEnded = ended;
  for (const listener of sessionListeners) listener(ended);
}

/** What may stand in the query of a call; undefined and empty values are left out. */
export type Parameters = Readonly<Record<string, string | number | null | undefined>>;

/** Asks the API for something. @throws {ApiError} */
export async function get<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  return call<Answer>('GET', query.size === 0 ? path : `${path}?${query.toString()}`, undefined, signal);
}

/** Has the API do something. @throws {ApiError} */
export async function send<Answer>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
  return call<Answer>(method, path, body, undefined);
}

async function call<Answer>(
  method: string,
  path: string,
  body: object | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`${settings.root}manage/${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { Accept: 'application/json', ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : null,
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'No answer', 'The server could not be reached. Check your connection, and try again.');
  }
  noteSession(response.status === 401);
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function refusal(response: Response): Promise<ApiError> {
  if (response.status === 401) {
    return new ApiError(
      401,
      'Your session has ended',
      'Sign in again in another tab, then try again here: nothing you typed is lost.',
    );
  }
  try {
    const { title, detail, name } = (await response.json()) as Partial<ProblemJson>;
    if (title !== undefined && detail !== undefined) return new ApiError(response.status, title, detail, name);
  } catch {
    // Something before the API has answered; what it says is not for people.
  }
  return new ApiError(response.status, 'That did not work', `The server answered ${response.status}. Try again in a moment.`);
}

/** Whatever was thrown, as an error of the API. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'That did not work', error instanceof Error ? error.message : String(error));
}
