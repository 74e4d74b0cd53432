import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Crm } from './crm.ts';

/** How often a request is made again when its connection breaks or the server fails, and the pause before. */
const again = { times: 100, pauseMs: 100 };
/** How long to wait for an answer: a process that is killed as it is handed a connection leaves that open, and nobody behind it. */
const answerWithinMs = 5_000;

/**
 * The CRM at a URL, as a program elsewhere uses it. A process of it, or its database, may fail in the middle: what was not
 * done is asked again, under the same key where it would otherwise be done twice.
 */
export function crmAt(url: string): Crm {
  // A connection for each request, because a connection stays with the process that took it.
  const dispatcher = new Agent({ pipelining: 0, headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs });

  async function ask<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, key?: string) {
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...keyHeader(key) };
    const sent = { dispatcher, method, headers, body: body === undefined ? null : JSON.stringify(body) };
    for (let tried = 0; ; tried += 1) {
      try {
        const response = await request(url + path, sent);
        const text = await response.body.text();
        if (response.statusCode < 400) return JSON.parse(text) as Answer;
        const problem = `${method} ${path} was answered ${response.statusCode}: ${text}`;
        throw response.statusCode < 500 ? new Unexpected(problem) : new Error(problem);
      } catch (error) {
        if (error instanceof Unexpected || tried === again.times) throw error;
        await setTimeout(again.pauseMs);
      }
    }
  }

  return {
    create: async (kind, fields, key = randomUUID()) => ask('POST', `/${kind}`, fields, key),
    createAll: async (kind, records, key = randomUUID()) => ask('POST', `/${kind}`, records, key),
    find: async (kind, id) => ask('GET', `/${kind}/${id}`),
    latest: async (kind, before) => ask('GET', `/${kind}${before === undefined ? '' : `?before=${before}`}`),
    addTag: async (kind, id, tagId) => (await ask<Changed>('PUT', `/${kind}/${id}/tags/${tagId}`)).changed,
    removeTag: async (kind, id, tagId) => (await ask<Changed>('DELETE', `/${kind}/${id}/tags/${tagId}`)).changed,
    submitForm: async (formId, submission, key = randomUUID()) => ask('POST', `/forms/${formId}/submissions`, submission, key),
    list: async (list) => ask('GET', `/${list}`),
    name: async (list, name) => ask('POST', `/${list}`, { name }),
  };
}

interface Changed {
  readonly changed: boolean;
}

/** What the CRM will not do: to ask again would not help. */
class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

function keyHeader(key: string | undefined): { readonly 'idempotency-key'?: string } {
  return key === undefined ? {} : { 'idempotency-key': key };
}
