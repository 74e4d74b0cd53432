import { call } from '../look/api.ts';
import { apiPath } from './settings.ts';

/** Asks the API of bins. @throws {ApiError} */
export async function ask<Json>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<Json> {
  return call<Json>(method, apiPath(path), body, signal);
}
