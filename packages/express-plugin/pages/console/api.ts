import { call } from '../look/api.ts';
import { settings } from './settings.ts';

/** What may stand in the query of a call; undefined and empty values are left out. */
export type Parameters = Readonly<Record<string, string | number | null | undefined>>;

/** Asks the management API for something. @throws {ApiError} */
export async function get<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  return call<Answer>(
    'GET',
    `${settings.root}manage/${path}${query.size === 0 ? '' : `?${query.toString()}`}`,
    undefined,
    signal,
  );
}

/** Has the management API do something. @throws {ApiError} */
export async function send<Answer>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
  return call<Answer>(method, `${settings.root}manage/${path}`, body);
}
