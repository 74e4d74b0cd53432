import type { ProblemJson } from '../../src/manage/problem.ts';

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

/** Calls an API of this host, with the session. @throws {ApiError} */
export async function call<Answer>(method: string, url: string, body?: object, signal?: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, {
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
