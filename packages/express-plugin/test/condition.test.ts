import test, { type ExecutionContext } from 'ava';
import { functionTransport } from '@hookwell/adapters/function';
import { query, startHost, subscribe, type Host } from './host.ts';

type Row = Readonly<Record<string, string | null>>;
type Term = { readonly field: { readonly field: string }; readonly op: string; readonly value: unknown };
type Part = Term | string | readonly Part[];

const numeric = new Set(['id', 'last_hook', 'last_code']);

/** What a condition means, told by the rows that clients see: no engine, no units, no SQL. */
function meets(row: Row, parts: readonly Part[]): boolean {
  const alternatives: boolean[][] = [[]];
  for (const part of parts) {
    if (part === 'OR') alternatives.push([]);
    else if (part !== 'AND')
      alternatives.at(-1)?.push(Array.isArray(part) ? meets(row, part as Part[]) : holds(row, part as Term));
  }
  return alternatives.some((all) => all.every(Boolean));
}

function holds(row: Row, { field: { field }, op, value }: Term): boolean {
  const shown = row[field] ?? null;
  const given = (value as { value?: unknown }).value;
  if (op === 'IS') return shown === null;
  if (shown === null) return false;
  const list = (value as { list?: { value: unknown }[] }).list?.map((one) => one.value) ?? [];
  const same = (other: unknown): boolean => (numeric.has(field) ? Number(shown) === Number(other) : shown === String(other));
  const order = numeric.has(field) ? Number(shown) - Number(given) : shown < String(given) ? -1 : shown > String(given) ? 1 : 0;
  switch (op) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case 'IN':
      return list.some(same);
    case 'NOT IN':
      return !list.some(same);
    case 'LIKE': {
      const pattern = String(given)
        .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('%', '[^]*')
        .replaceAll('_', '[^]');
      return new RegExp(`^${pattern}$`, 'i').test(shown);
    }
    default:
      throw new Error(`no operator ${op}`);
  }
}

/** Twelve subscriptions: some were sent something, at instants in the middle of a second; some failed; some never. */
async function twelve(t: ExecutionContext): Promise<{ readonly host: Host; readonly rows: readonly Row[] }> {
  const host = await startHost(t, {
    options: { rateLimit: { enabled: false } },
    engine: {
      transports: [
        functionTransport({
          schemes: ['https:'],
          send({ url }) {
            if (url.includes('broken')) throw new Error('it is broken');
          },
        }),
      ],
    },
  });
  for (let n = 1; n <= 12; n += 1) {
    await subscribe(host, {
      url: `https://example.com/${n % 4 === 0 ? 'broken' : 'ok'}/${n % 5}`,
      event: `sub_tag(${Math.ceil(n / 3)})`,
      ...(n % 3 === 0 ? { data: '{"format":"notify"}' } : {}),
    });
  }
  for (const tag of [1, 2, 3]) {
    host.move(1_337);
    await host.engine.emit(`sub_tag(${tag})`, { accountId: 1, objectType: 0, record: { id: 1 } });
    await host.engine.deliverDue();
  }
  const rows = (await host.call('GET', '/Webhooks')).json.data as readonly Row[];
  t.is(rows.length, 12);
  t.is(rows.filter(({ last_hook: at }) => at === null).length, 3);
  return { host, rows };
}

async function idsOf(host: Host, condition: unknown): Promise<readonly string[]> {
  const text = JSON.stringify(condition);
  const answer =
    text.length < 4_000
      ? await host.call('GET', `/Webhooks${query({ condition: text, listFields: 'id' })}`)
      : await host.call('GET', '/Webhooks', { json: { condition: text, listFields: 'id' } });
  if (answer.status !== 200) throw new Error(`${text}: ${answer.status} ${answer.text}`);
  return (answer.json.data as readonly Row[]).map(({ id }) => id ?? '');
}

const term = (field: string, op: string, value: unknown): Term => ({ field: { field }, op, value: { value } });
const within = (field: string, op: string, values: readonly unknown[]): Term => ({
  field: { field },
  op,
  value: { list: values.map((value) => ({ value })) },
});

/** Numbers that look random and are the same in each run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function pick<Value>(random: (below: number) => number, values: readonly Value[]): Value {
  return values[random(values.length)] as Value;
}

/** A value that is, or is near to, one that some row has. */
function valueFor(random: (below: number) => number, rows: readonly Row[], field: string): unknown {
  const shown = pick(random, rows)[field] ?? pick(random, ['0', '1']);
  if (!numeric.has(field)) return pick(random, [shown, `${shown}x`, shown.slice(0, -1), '']);
  return pick<unknown>(random, [shown, Number(shown), Number(shown) + 1, String(Number(shown) - 1), Number(shown) + 0.5, -1]);
}

function randomTerm(random: (below: number) => number, rows: readonly Row[]): Term {
  const field = pick(random, ['id', 'event', 'data', 'url', 'last_hook', 'last_code', 'health']);
  const op = pick(random, ['=', '<>', '<', '<=', '>', '>=', 'IN', 'NOT IN', 'IS', 'LIKE']);
  if (op === 'IS') return term(field, op, pick<unknown>(random, [null, 'NULL']));
  if (op === 'LIKE') {
    const shown = pick(random, rows)[field] ?? '1';
    return term(
      field,
      op,
      pick(random, [shown, `%${shown.slice(1)}`, `${shown.slice(0, -1)}%`, shown.replace(/./, '_'), '%', '_', '%a%']),
    );
  }
  if (op === 'IN' || op === 'NOT IN') {
    return within(
      field,
      op,
      Array.from({ length: 1 + random(4) }, () => valueFor(random, rows, field)),
    );
  }
  return term(field, op, valueFor(random, rows, field));
}

function randomParts(random: (below: number) => number, rows: readonly Row[], depth: number): readonly Part[] {
  const parts: Part[] = [];
  for (let left = 1 + random(4); left > 0; left -= 1) {
    parts.push(depth < 3 && random(4) === 0 ? randomParts(random, rows, depth + 1) : randomTerm(random, rows));
    if (left > 1) parts.push(pick(random, ['AND', 'OR']));
  }
  return parts;
}

test('any condition answers the rows for which it holds', async (t) => {
  const { host, rows } = await twelve(t);
  const random = numbersFrom(20_260_115);
  let some = 0;
  for (let round = 0; round < 600; round += 1) {
    const condition = randomParts(random, rows, 0);
    const expected = rows.filter((row) => meets(row, condition)).map(({ id }) => id ?? '');
    if (expected.length > 0 && expected.length < 12) some += 1;
    t.deepEqual(await idsOf(host, condition), expected, JSON.stringify(condition));
  }
  t.true(some > 200, `${some} of them tell rows apart`);
});

test('every operator on the instant, whose seconds are shown of milliseconds', async (t) => {
  const { host, rows } = await twelve(t);
  const instants = [...new Set(rows.flatMap(({ last_hook: at }) => (at === null ? [] : [Number(at)])))];
  t.is(instants.length, 3);
  for (const at of instants) {
    for (const value of [at - 1, at - 0.5, at, at + 0.5, at + 1]) {
      for (const op of ['=', '<>', '<', '<=', '>', '>=']) {
        const condition = [term('last_hook', op, value)];
        const expected = rows.filter((row) => meets(row, condition)).map(({ id }) => id);
        t.deepEqual(await idsOf(host, condition), expected, `${op} ${value}`);
      }
      for (const op of ['IN', 'NOT IN']) {
        const condition = [within('last_hook', op, [value, String(at)])];
        t.deepEqual(
          await idsOf(host, condition),
          rows.filter((row) => meets(row, condition)).map(({ id }) => id),
          `${op} ${value}`,
        );
      }
    }
    for (const pattern of [String(at), `${String(at).slice(0, -1)}_`, `%${String(at).slice(-2)}`]) {
      const condition = [term('last_hook', 'LIKE', pattern)];
      t.deepEqual(
        await idsOf(host, condition),
        rows.filter((row) => meets(row, condition)).map(({ id }) => id),
        pattern,
      );
    }
  }
});

test('AND binds tighter than OR, and brackets tighter than both', async (t) => {
  const { host } = await twelve(t);
  const [one, two, three] = [term('id', '=', 1), term('id', '>', 2), term('id', '<', 5)];
  t.deepEqual(await idsOf(host, [one, 'OR', two, 'AND', three]), ['1', '3', '4']);
  t.deepEqual(await idsOf(host, [two, 'AND', three, 'OR', one]), ['1', '3', '4']);
  t.deepEqual(await idsOf(host, [[one, 'OR', two], 'AND', three]), ['1', '3', '4']);
  t.deepEqual(await idsOf(host, [two, 'AND', [three, 'OR', one]]), ['3', '4']);
  t.deepEqual(await idsOf(host, [[[[one]]]]), ['1']);
});

test('IS takes null in the ways in which clients write it', async (t) => {
  const { host } = await twelve(t);
  for (const value of [{ value: null }, { value: 'NULL' }, null, 'NULL']) {
    t.deepEqual(await idsOf(host, [{ field: { field: 'last_hook' }, op: 'IS', value }]), ['10', '11', '12']);
  }
});

test('no condition asks for nothing', async (t) => {
  const { host } = await twelve(t);
  t.is((await idsOf(host, [])).length, 12);
  t.is(((await host.call('GET', '/Webhooks?condition=')).json.data as readonly Row[]).length, 12);
});

const long = Array.from({ length: 100 }, (_, n) => term('id', '=', n));
const joined = (terms: readonly Term[], joiner: string): readonly Part[] =>
  terms.flatMap((one, n) => (n === 0 ? [one] : [joiner, one]));

test('an object in the place of a condition: Invalid query', async (t) => {
  const { host } = await twelve(t);
  for (const wish of [{ json: { condition: term('id', '=', 1) } }, { form: 'condition[field]=id' }]) {
    const answer = await host.call('GET', '/Webhooks', wish);
    t.deepEqual([answer.status, answer.text], [400, 'Invalid query: the condition is not a JSON array of terms.']);
  }
});

test('a hundred terms and a thousand values are taken', async (t) => {
  const { host } = await twelve(t);
  t.is((await idsOf(host, joined(long, 'OR'))).length, 12);
  t.is((await idsOf(host, joined(long.slice(1), 'AND'))).length, 0);
  t.is(
    (
      await idsOf(host, [
        within(
          'id',
          'IN',
          Array.from({ length: 1_000 }, (_, n) => n),
        ),
      ])
    ).length,
    12,
  );
  t.is(
    (
      await idsOf(host, [
        within(
          'last_hook',
          'NOT IN',
          Array.from({ length: 1_000 }, (_, n) => n),
        ),
      ])
    ).length,
    9,
  );
});

const nested = (depth: number): unknown => (depth === 0 ? term('id', '=', 1) : [nested(depth - 1)]);

const refused: Readonly<Record<string, readonly [condition: unknown, says: RegExp]>> = {
  'no JSON': ['id=1', /not a JSON array of terms/],
  'half of JSON': ['[{', /not a JSON array of terms/],
  'an object': [term('id', '=', 1), /not a JSON array of terms/],
  'a text': ['"id"', /not a JSON array of terms/],
  'an empty group': [[[]], /needs a term/],
  'a joiner at the end': [[term('id', '=', 1), 'AND'], /needs a term, and AND or OR between any two/],
  'a joiner at the beginning': [['AND', term('id', '=', 1), 'AND'], /a term needs/],
  'two terms in a row': [[term('id', '=', 1), term('id', '=', 1)], /needs a term/],
  'three terms in a row': [[term('id', '=', 1), term('id', '=', 1), term('id', '=', 1)], /stands where AND or OR must/],
  'another joiner': [[term('id', '=', 1), 'XOR', term('id', '=', 1)], /"XOR" stands where AND or OR must/],
  'a joiner in small letters': [[term('id', '=', 1), 'and', term('id', '=', 1)], /"and" stands where/],
  'a term that is null': [[null], /a term needs/],
  'a term that is a number': [[5], /a term needs/],
  'no field': [[{ op: '=', value: { value: 1 } }], /a term needs/],
  'a bare field': [[{ field: 'id', op: '=', value: { value: 1 } }], /a term needs/],
  'a field that is a number': [[{ field: { field: 1 }, op: '=', value: { value: 1 } }], /a term needs/],
  'an unknown field': [[term('name', '=', 1)], /there is no field "name"/],
  'a field of the engine': [[term('lastAttemptAt', '=', 1)], /there is no field "lastAttemptAt"/],
  'a field that every object has': [[term('toString', '=', 1)], /there is no field "toString"/],
  'a field called __proto__': [[term('__proto__', '=', 1)], /there is no field "__proto__"/],
  'a field with SQL in it': [[term('id) or (1=1', '=', 1)], /there is no field "id\) or \(1=1"/],
  'a field that can be shown only': [[term('last_payload', '=', 'x')], /"last_payload" can be shown only/],
  'no operator': [[{ field: { field: 'id' }, value: { value: 1 } }], /there is no operator nothing/],
  'an unknown operator': [[term('id', '==', 1)], /there is no operator "=="/],
  'an operator in small letters': [[within('id', 'in', [1])], /there is no operator "in"/],
  'an operator with SQL in it': [[term('id', '= 1 or 1 =', 1)], /there is no operator/],
  'no value': [[{ field: { field: 'id' }, op: '=' }], /id is compared with a number, not with nothing/],
  'a bare value': [[{ field: { field: 'id' }, op: '=', value: 1 }], /id is compared with a number, not with nothing/],
  'a null value': [[term('id', '=', null)], /id is compared with a number, not with null/],
  'a text for a number': [[term('id', '=', 'one')], /id is compared with a number, not with "one"/],
  'a number in words of its own': [[term('id', '>', '1e3')], /not with "1e3"/],
  'an empty text for a number': [[term('last_code', '>', '')], /not with ""/],
  'a truth for a text': [[term('event', '=', true)], /event is compared with a text, not with true/],
  'an object for a text': [[term('event', '=', { x: 1 })], /event is compared with a text, not with \{"x":1\}/],
  'a list for =': [[within('id', '=', [1])], /id is compared with a number, not with nothing/],
  'a value for IN': [[term('id', 'IN', 1)], /IN needs/],
  'an empty list': [[within('id', 'IN', [])], /IN needs/],
  'bare values in a list': [[{ field: { field: 'id' }, op: 'IN', value: { list: [1] } }], /not with nothing/],
  'a text for IS': [[term('last_hook', 'IS', 'x')], /IS takes null/],
  'no value for IS': [[{ field: { field: 'last_hook' }, op: 'IS' }], /IS takes null/],
  'a truth for LIKE': [[term('event', 'LIKE', true)], /event is LIKE a text, not true/],
  'a long text for LIKE': [[term('event', 'LIKE', 'x'.repeat(1_001))], /too long: 1000 characters/],
  'a hundred and one terms': [joined([...long, term('id', '=', 1)], 'OR'), /too many terms: 100/],
  'a hundred and one terms in groups': [
    joined(long, 'OR').map((one) => (typeof one === 'string' ? one : [one, 'OR', one])),
    /too many terms/,
  ],
  'more than a thousand values': [
    [
      within(
        'id',
        'IN',
        Array.from({ length: 1_001 }, () => 1),
      ),
    ],
    /too many values: 1000/,
  ],
  'groups in groups without end': [nested(13), /nested too deeply/],
  'thousands of groups in groups': [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, /nested too deeply/],
  'a __proto__ of its own': [
    '[{"__proto__":{"field":{"field":"id"},"op":"=","value":{"value":1}}}]',
    /No parameter can be called/,
  ],
};

for (const [what, [condition, says]] of Object.entries(refused)) {
  test(`${what}: Invalid query`, async (t) => {
    const host = await startHost(t);
    const text = typeof condition === 'string' ? condition : JSON.stringify(condition);
    for (const path of ['/Webhooks', '/Webhooks/getInfo', '/WebhookLogs', '/WebhookLogs/getInfo']) {
      // Where the field is not one of the log's, that is what is said first.
      const answer = await host.call('GET', path, { json: { condition: text } });
      t.deepEqual([answer.status, answer.headers['content-type']], [400, 'text/html;charset=UTF-8']);
      t.regex(answer.text, /^Invalid query/);
      if (path.startsWith('/Webhooks')) t.regex(answer.text, says);
    }
    t.deepEqual(host.errors, []);
  });
}
