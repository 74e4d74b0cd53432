import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ProblemCode } from '../src/manage/problem.ts';

/** A body that no route may take. */
export interface BodyCase {
  readonly name: string;
  readonly type: string | null;
  readonly body: string | Buffer;
  readonly encoding?: string;
  readonly chunked?: boolean;
  /** What the contract says, with status 400; null where it takes such a body. */
  readonly contract: RegExp | null;
  /** What the management API says; the same words where it reads the body at all. */
  readonly manage: ProblemCode;
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const tooLarge = /^The body is too large: 64 KiB are taken\.$/;
const deep = /nested too deeply: 4 levels are taken/;
const noName = /^No parameter can be called "(?:__proto__|constructor|prototype)"\.$/;
const compressed = /^A compressed body is not taken\./;
const noJson = /^The body is not the JSON that its Content-Type says it is\.$/;
const noObject = /^The body is JSON, but not an object(?: of parameters\.| *\. Send \{…\}\.)$/;
const noUtf8 = /^The body is not UTF-8\.$/;

/** Whatever the route: its good parameters with something beside them, or broken. */
export function bodyCases(good: Readonly<Record<string, unknown>>): readonly BodyCase[] {
  const whole = JSON.stringify(good);
  const inside = whole.slice(1, -1);
  const beside = (more: string): string => `{${[inside, more].filter(Boolean).join(',')}}`;
  const pairs = Object.entries(good).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  const goodForm = new URLSearchParams(pairs as [string, string][]).toString();
  const filled = (text: string, bytes: number): string => `${text}${' '.repeat(bytes - Buffer.byteLength(text))}`;
  const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `p${n}`);
  const asJson = (name: string, body: string | Buffer, contract: RegExp, manage: ProblemCode = 'invalid_body'): BodyCase => ({
    name,
    type: json,
    body,
    contract,
    manage,
  });
  const asForm = (name: string, more: string, contract: RegExp | null): BodyCase => ({
    name,
    type: form,
    body: `${goodForm}&${more}`,
    contract,
    manage: 'unsupported_media_type',
  });
  const [first] = Object.keys(good);
  const repeated = first === undefined ? '"x":1,"x":1' : `"${first}":"other"`;

  return [
    asJson('JSON of a byte more than 64 KiB', filled(whole, 65_537), tooLarge),
    { ...asJson('the same without a length', filled(whole, 65_537), tooLarge), chunked: true },
    { ...asJson('ten times as much without a length', filled(whole, 655_360), tooLarge), chunked: true },
    { ...asForm('a form of more than 64 KiB', `x=${'x'.repeat(65_536)}`, tooLarge), manage: 'invalid_body' },
    asJson(
      'JSON of 101 names',
      beside(
        many(101)
          .map((name) => `"${name}":1`)
          .join(','),
      ),
      /too many parts: 100 are taken/,
    ),
    asJson(
      'JSON of 101 names within one',
      beside(
        `"x":{${many(101)
          .map((name) => `"${name}":1`)
          .join(',')}}`,
      ),
      /too many parts/,
    ),
    asJson(
      'a list of 101 parts',
      beside(
        `"x":[${many(101)
          .map(() => '1')
          .join(',')}]`,
      ),
      /too many parts: 100 are taken/,
    ),
    asForm(
      'a form of 101 parameters',
      many(101)
        .map((name) => `${name}=1`)
        .join('&'),
      /^Too many parameters: 100 are taken/,
    ),
    asJson('JSON five levels deep', beside('"x":{"a":{"b":{"c":{"d":1}}}}'), deep),
    asJson('lists five levels deep', beside('"x":[[[[[1]]]]]'), deep),
    asJson('JSON as deep as 64 KiB allow', beside(`"x":${'['.repeat(30_000)}${']'.repeat(30_000)}`), deep),
    asForm('a form five levels deep', 'x[a][b][c][d]=1', deep),
    ...['__proto__', 'constructor', 'prototype'].flatMap((name) => [
      asJson(`JSON with ${name}`, beside(`"${name}":{"polluted":1}`), noName),
      asJson(`JSON with ${name} further in`, beside(`"x":{"y":{"${name}":{"polluted":1}}}`), noName),
      asJson(`JSON with ${name} in a list`, beside(`"x":[{"${name}":{"polluted":1}}]`), noName),
      asJson(`JSON with ${name} in other letters`, beside(`"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":1`), noName),
      asForm(`a form with ${name}`, `${name}=1`, noName),
      asForm(`a form with ${name} in brackets`, `x[${name}][polluted]=1`, noName),
      asForm(`a form with ${name} in front of brackets`, `${name}[polluted]=1`, noName),
    ]),
    asJson('JSON that says a name twice', beside(repeated), /^The body says ".+" twice\. Send each name once\.$/),
    asJson('JSON that says a name twice further in', beside('"x":{"a":1,"b":{"a":2},"a":3}'), /^The body says "a" twice\./),
    asJson('JSON that says a name twice in two ways', beside('"x":1,"\\u0078":1'), /^The body says "x" twice\./),
    asJson('JSON that is cut', beside('"x":"'), noJson),
    asJson('JSON with something behind it', `${whole}{}`, noJson),
    asJson('JavaScript', `(${whole})`, noJson),
    ...['[]', `[${whole}]`, '"text"', '1', 'true', 'null'].map((text) =>
      asJson(`JSON that is ${text.slice(0, 8)}`, text, noObject),
    ),
    asJson(
      'a byte that is no UTF-8',
      Buffer.concat([Buffer.from(beside('"x":"').slice(0, -1)), Buffer.of(0xff), Buffer.from('"}')]),
      noUtf8,
    ),
    asJson(
      'half of a character',
      Buffer.concat([Buffer.from(beside('"x":"').slice(0, -1)), Buffer.of(0xe2, 0x82), Buffer.from('"}')]),
      noUtf8,
    ),
    asJson(
      'a slash in too many bytes',
      Buffer.concat([Buffer.from(beside('"x":"').slice(0, -1)), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]),
      noUtf8,
    ),
    asJson('UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le'), noUtf8),
    {
      name: 'a form of bytes that are no UTF-8',
      type: form,
      body: Buffer.concat([Buffer.from(`${goodForm}&x=`), Buffer.of(0xff)]),
      contract: noUtf8,
      manage: 'invalid_body',
    },
    ...(
      [
        ['gzip', gzipSync],
        ['deflate', deflateSync],
        ['br', brotliCompressSync],
        ['x-unheard-of', (bytes: Buffer) => bytes],
      ] as const
    ).map(([encoding, pack]): BodyCase => {
      const packed = asJson(`a body that is ${encoding}`, pack(Buffer.from(whole)), compressed);
      return Object.assign(packed, { encoding });
    }),
    ...(['multipart/form-data; boundary=x', 'multipart/mixed'] as const).map((type): BodyCase => ({
      name: type,
      type,
      body: whole,
      contract: /^A multipart body is not taken\./,
      manage: 'unsupported_media_type',
    })),
    // The contract's clients do not always say what they send.
    ...(['text/plain', 'application/xml', 'application/jsonp', 'text/json-seq', 'application/octet-stream', null] as const).map(
      (type): BodyCase => ({
        name: `a body of the type ${type ?? 'that nobody names'}`,
        type,
        body: whole,
        contract: null,
        manage: 'unsupported_media_type',
      }),
    ),
    { name: 'a form', type: form, body: `${goodForm}&x=1`, contract: null, manage: 'unsupported_media_type' },
  ];
}
