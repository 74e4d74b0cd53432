import { keysOf } from '../host.ts';
import { documentChecks, found, pointerOf, type Document, type OperationObject, type Parameter } from './document-checks.ts';

/** What a request carries; names and values are held against the document before anything is sent. */
export interface Sent {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, unknown>>;
  /** Whose keys it carries; null for nobody's. */
  readonly as?: string | null;
  /** Done while the answer comes, which is a stream then: its first event is what is answered. */
  readonly during?: () => Promise<unknown>;
}

/** An answer that is as the document says. */
export interface Answered {
  readonly status: number;
  readonly body: never;
}

/** An API of which nothing is known but its document. */
export interface DocumentedApi {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly webhooks: ReadonlyMap<string, Operation>;
  /** @throws {Error} naming what differs from the document: in what is sent, or in what is answered */
  readonly request: (operationId: string, sent?: Sent) => Promise<Answered>;
  /** Holds what a receiver got against a webhook of the document. @throws {Error} */
  readonly receive: (webhookId: string, headers: Readonly<Record<string, string>>, body: string) => void;
}

export interface Operation extends OperationObject {
  readonly pointer: string;
  readonly path: string;
  readonly method: string;
}

const formType = 'application/x-www-form-urlencoded';

/** Loads a document from where it is served. */
export async function documentedApi(url: string): Promise<DocumentedApi> {
  const document = (await (await fetch(url)).json()) as Document;
  const { find, check } = documentChecks(document);
  const operations = operationsOf(document, 'paths');
  const webhooks = operationsOf(document, 'webhooks');

  function textOf(one: Operation, place: Parameter['in'], given: Readonly<Record<string, unknown>>): [string, string][] {
    const { parameters = [], pointer, operationId } = one;
    for (const { name, in: where, required } of parameters)
      if (where === place && required) found(given[name], `value for ${name}`);
    return Object.entries(given).map(([name, value]) => {
      const index = parameters.findIndex((parameter) => parameter.name === name && parameter.in === place);
      if (index < 0) throw new Error(`There is no parameter ${name} in the ${place} of ${operationId}.`);
      check(`${pointer}/parameters/${index}/schema`, value, `The parameter ${name}`);
      return [name, Array.isArray(value) ? value.join(',') : String(value)];
    });
  }

  function build(one: Operation, { path = {}, query = {}, json, form, as = 'app-1' }: Sent): Request {
    let target = one.path;
    for (const [name, text] of textOf(one, 'path', path)) target = target.replace(`{${name}}`, encodeURIComponent(text));
    const search = new URLSearchParams(textOf(one, 'query', query)).toString();
    const server = new URL(found(document.servers[0], 'server').url, url).href.replace(/\/$/, '');
    const headers = new Headers(as === null ? {} : keyHeaders(one, keysOf(as)));
    const type = form ? formType : 'application/json';
    const sent = form ?? json;
    if (sent !== undefined) {
      check(`${one.pointer}/requestBody/content${pointerOf(type)}/schema`, sent, `The body of ${one.operationId}`);
      headers.set('content-type', type);
    }
    const texts = Object.entries(form ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
    const body = form ? new URLSearchParams(texts).toString() : JSON.stringify(json);
    return new Request(`${server}${target}${search === '' ? '' : `?${search}`}`, {
      method: one.method,
      headers,
      ...(sent === undefined ? {} : { body }),
    });
  }

  /** The first way in that the document offers is the key pair. */
  function keyHeaders({ security }: Operation, keys: Readonly<Record<string, string>>): Record<string, string> {
    const schemes = Object.keys(found(security[0], 'way in')).map(
      (name) => document.components.securitySchemes[name]?.name ?? '',
    );
    return Object.fromEntries(schemes.map((name) => [name, found(keys[name], `key ${name}`)]));
  }

  async function receiveAnswer(one: Operation, response: Response, during: Sent['during']): Promise<Answered> {
    const { status } = response;
    const what = `the answer ${status} of ${one.operationId}`;
    const answer = find(`${one.pointer}/responses/${status}`);
    for (const name of Object.keys((answer.value as { readonly headers?: object }).headers ?? {})) {
      const header = found(response.headers.get(name) ?? undefined, `header ${name} in ${what}`);
      check(`${find(`${answer.pointer}/headers/${name}`).pointer}/schema`, Number(header), name);
    }
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    const where = `${answer.pointer}/content${pointerOf(type)}/schema`;
    const body = type === 'text/event-stream' ? await firstData(response, during) : readBody(type, await response.text());
    check(type === 'text/event-stream' ? `${find(where).pointer}/contentSchema` : where, body, what);
    return { status, body: body as never };
  }

  return {
    operations,
    webhooks,
    async request(id, sent = {}) {
      const one = found(operations.get(id), `operation ${id}`);
      return receiveAnswer(one, await fetch(build(one, sent)), sent.during);
    },
    receive(id, headers, body) {
      const hook = found(webhooks.get(id), `webhook ${id}`);
      const known = new Set(hook.parameters?.map(({ name }) => name));
      textOf(hook, 'header', Object.fromEntries(Object.entries(headers).filter(([name]) => known.has(name))));
      const type = headers['content-type'] ?? '';
      const payload = type === formType ? nested(body) : readBody(type, body);
      const where = `${hook.pointer}/requestBody/content${pointerOf(type)}/schema`;
      // In a form everything is a text.
      check(where, payload, `The payload of ${id}`, ...(type === formType ? (['texts'] as const) : []));
    },
  };
}

function operationsOf(document: Document, section: 'paths' | 'webhooks'): ReadonlyMap<string, Operation> {
  const all = Object.entries(document[section]).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([method, operation]): [string, Operation] => [
      operation.operationId,
      { ...operation, pointer: pointerOf(section, path, method), path, method: method.toUpperCase() },
    ]),
  );
  return new Map(all);
}

function readBody(type: string, text: string): unknown {
  return type.endsWith('json') ? JSON.parse(text) : text;
}

/** The JSON of the first event of a stream, which `during` must lead to. */
async function firstData(response: Response, during: Sent['during']): Promise<unknown> {
  const reader = found(response.body ?? undefined, 'stream').getReader();
  await during?.();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended after ${JSON.stringify(text)}.`);
    text += Buffer.from(value as Uint8Array).toString();
    const data = /^data: (.*)\n/m.exec(text)?.[1];
    if (data === undefined) continue;
    await reader.cancel();
    return JSON.parse(data);
  }
}

/** A form with brackets, `event[type]=sub_tag`, as what it stands for. */
function nested(form: string): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(form)) {
    const [, outer = name, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    all[outer] = inner === undefined ? value : { ...(all[outer] as object | undefined), [inner]: value };
  }
  return all;
}
