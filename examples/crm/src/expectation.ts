import { parse as parseForm } from 'qs';
import type { Row } from './database.ts';
import type { Arrival } from './receiver.ts';

/** A subscription that the demo made, and what it asked for. */
export interface Wish {
  /** Its number, as the contract's answer to the subscriber gave it. */
  readonly id: number;
  /** Where at the receiver its payloads arrive: one path for each wish. */
  readonly path: string;
  readonly event: string;
  readonly format: 'full' | 'notify' | 'lightweight';
  readonly encoding: 'form' | 'json';
}

/** Something that the demo did in the CRM, with the record as the CRM's own table held it. */
export interface Happening {
  readonly event: string;
  readonly objectType: number;
  readonly record: Row;
  /** Between which two moments it was done, in milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** What the receiver's ledger shows. */
export interface Findings {
  /** How many payloads had to arrive. */
  readonly expected: number;
  /** How many arrived and were acknowledged, each as often as it was. */
  readonly delivered: number;
  /** How many requests the receiver refused on purpose. */
  readonly refused: number;
  /** How many payloads arrived again that had been acknowledged. */
  readonly repeated: number;
  /** From the beginning of what was done to the first arrival of its payload, for each payload that arrived. */
  readonly latenciesMs: readonly number[];
  /** What is wrong; empty when every payload arrived exactly once with exactly the right fields. */
  readonly problems: readonly string[];
}

/** The fields of the formats, written out here once more on purpose: this must not trust the engine's own list. */
const lightweightFields: Readonly<Record<number, readonly string[]>> = {
  0: ['id', 'firstname', 'lastname', 'email'],
  10_001: ['id', 'make', 'model', 'year'],
};

/** The key of the event's number in the payload; an event without one carries its type alone. */
const parameters: Readonly<Record<string, string>> = {
  object_submits_form: 'form_id',
  sub_tag: 'tag_id',
  unsub_tag: 'tag_id',
};

/** What the comparison allows. */
export interface CompareOptions {
  /** Whether a payload may be acknowledged more than once, because a process was killed before it could note the answer. */
  readonly mayRepeat?: boolean;
}

interface Expected {
  readonly wish: Wish;
  readonly happening: Happening;
  readonly acknowledged: Arrival[];
  readonly refused: Arrival[];
}

/**
 * Works out from the CRM's own records what each subscription must get, and compares it with every request that the
 * receiver had: each payload acknowledged exactly once, all fields there, none besides, and nothing unasked for.
 */
export function compare(
  wishes: readonly Wish[],
  happenings: readonly Happening[],
  arrivals: readonly Arrival[],
  { mayRepeat = false }: CompareOptions = {},
): Findings {
  const expected = new Map<string, Expected>();
  for (const happening of happenings) {
    for (const wish of wishes) {
      if (wish.event !== happening.event) continue;
      const key = keyOf(wish.path, happening.objectType, happening.record.id);
      if (expected.has(key))
        throw new Error(`The demo does ${happening.event} twice to one record, which it could not tell apart.`);
      expected.set(key, { wish, happening, acknowledged: [], refused: [] });
    }
  }
  const problems: string[] = [];
  for (const arrival of arrivals) {
    const payload = decode(arrival);
    const found = expected.get(keyOf(arrival.path, payload.get('object_type_id'), payload.get('data.id')));
    if (!found) {
      problems.push(`${arrival.path} got a payload that nothing in the CRM explains: ${arrival.body}`);
      continue;
    }
    for (const problem of differences(found, arrival, payload)) problems.push(`${describe(found)}: ${problem}`);
    (isAcknowledged(arrival) ? found.acknowledged : found.refused).push(arrival);
  }
  const latenciesMs: number[] = [];
  let repeated = 0;
  for (const one of expected.values()) {
    const { acknowledged, refused, happening } = one;
    const { length } = acknowledged;
    repeated += Math.max(length - 1, 0);
    if (length === 0 || (length > 1 && !mayRepeat)) problems.push(`${describe(one)} was acknowledged ${length} times, not once`);
    const attempts = [...refused, ...acknowledged];
    if (new Set(attempts.map(({ deliveryId }) => deliveryId)).size > 1)
      problems.push(`${describe(one)} changed its id between attempts`);
    if (attempts.length > 0) latenciesMs.push(Math.min(...attempts.map(({ receivedAt }) => receivedAt)) - happening.from);
  }
  const delivered = arrivals.filter(isAcknowledged).length;
  return { expected: expected.size, delivered, refused: arrivals.length - delivered, repeated, latenciesMs, problems };
}

/** Whether the receiver took it. */
export function isAcknowledged(arrival: Arrival): boolean {
  return arrival.status >= 200 && arrival.status <= 299;
}

function differences({ wish, happening }: Expected, arrival: Arrival, payload: ReadonlyMap<string, unknown>): string[] {
  const problems: string[] = [];
  const type = wish.encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  if (arrival.contentType !== type) problems.push(`came as "${arrival.contentType}", not as ${type}`);
  if (arrival.deliveryId === '') problems.push('had no webhook-id');
  const right = rightPayload(wish, happening);
  for (const [field, value] of right) {
    const given = payload.get(field);
    if (!payload.has(field)) problems.push(`lacks ${field}`);
    else if (given !== value) problems.push(`has ${field} = ${JSON.stringify(given)}, not ${JSON.stringify(value)}`);
  }
  for (const field of payload.keys()) {
    if (field !== 'timestamp' && !right.has(field)) problems.push(`has a field too many: ${field}`);
  }
  const timestamp = Number(payload.get('timestamp'));
  if (!(timestamp >= Math.floor(happening.from / 1_000) && timestamp <= Math.floor(happening.until / 1_000))) {
    problems.push(`has timestamp = ${String(payload.get('timestamp'))}, when it was not done`);
  }
  return problems;
}

/** All but the timestamp, of which only the bounds are known. */
function rightPayload(wish: Wish, { event, objectType, record }: Happening): ReadonlyMap<string, unknown> {
  const [, type = '', number = ''] = /^(\w+)\((\d+)\)$/.exec(event) ?? [];
  const parameter = parameters[type];
  const fields =
    wish.format === 'notify'
      ? ['id']
      : wish.format === 'lightweight'
        ? (lightweightFields[objectType] ?? [])
        : Object.keys(record);
  const right = new Map<string, unknown>([
    ['webhook_id', wish.id],
    ['object_type_id', objectType],
    ['event.type', type],
  ]);
  if (parameter !== undefined) right.set(`event.${parameter}`, Number(number));
  for (const field of fields) right.set(`data.${field}`, record[field] ?? '');
  if (wish.encoding === 'form') for (const [field, value] of right) right.set(field, String(value));
  return right;
}

/** The decoded body, its nesting written with dots; a value that is no single one stays as it is, and then differs. */
function decode({ body, contentType }: Arrival): ReadonlyMap<string, unknown> {
  let decoded: unknown;
  try {
    decoded = contentType.startsWith('application/json') ? JSON.parse(body) : parseForm(body, { parameterLimit: 10_000 });
  } catch {
    decoded = {};
  }
  const flat = new Map<string, unknown>();
  flatten(decoded, '', flat);
  return flat;
}

function flatten(value: unknown, path: string, flat: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    flat.set(path, value);
    return;
  }
  for (const [name, inner] of Object.entries(value)) flatten(inner, path === '' ? name : `${path}.${name}`, flat);
}

function keyOf(path: string, objectType: unknown, id: unknown): string {
  return `${path} ${String(objectType)} ${String(id)}`;
}

function describe({ wish, happening }: Expected): string {
  return `${wish.event} of ${happening.objectType === 0 ? 'contact' : 'car'} ${happening.record.id} to ${wish.path}`;
}
