import type { FieldInput } from '@hookwell/core';

/** A value that is awkward on some way, in every shape that it takes; all written by hand. */
export interface GoldenValue {
  readonly what: string;
  readonly value: FieldInput;
  /** On the wire of a form. */
  readonly form: string;
  /** On the wire of JSON. */
  readonly json: string;
  /** What a decoder of forms makes of it. */
  readonly decoded: string;
}

export const goldenValues: readonly GoldenValue[] = [
  { what: 'null', value: null, form: '', json: '""', decoded: '' },
  { what: 'undefined', value: undefined, form: '', json: '""', decoded: '' },
  { what: 'an empty text', value: '', form: '', json: '""', decoded: '' },
  { what: 'true', value: true, form: '1', json: 'true', decoded: '1' },
  { what: 'false', value: false, form: '0', json: 'false', decoded: '0' },
  { what: 'zero', value: 0, form: '0', json: '0', decoded: '0' },
  { what: 'negative zero', value: -0, form: '0', json: '0', decoded: '0' },
  { what: 'a fraction', value: -12.5, form: '-12.5', json: '-12.5', decoded: '-12.5' },
  { what: 'a number in scientific notation', value: 1e21, form: '1e%2B21', json: '1e+21', decoded: '1e+21' },
  {
    what: 'a number beyond doubles',
    value: 12345678901234567890n,
    form: '12345678901234567890',
    json: '"12345678901234567890"',
    decoded: '12345678901234567890',
  },
  { what: 'leading zeros', value: '007', form: '007', json: '"007"', decoded: '007' },
  { what: 'the text null', value: 'null', form: 'null', json: '"null"', decoded: 'null' },
  { what: 'a date', value: new Date(1_514_940_140_999), form: '1514940140', json: '1514940140', decoded: '1514940140' },
  {
    what: 'umlauts',
    value: 'Käthe Größe',
    form: 'K%C3%A4the+Gr%C3%B6%C3%9Fe',
    json: '"Käthe Größe"',
    decoded: 'Käthe Größe',
  },
  { what: 'an emoji', value: 'ok 👍🏽', form: 'ok+%F0%9F%91%8D%F0%9F%8F%BD', json: '"ok 👍🏽"', decoded: 'ok 👍🏽' },
  {
    what: 'the characters that forms are made of',
    value: 'a&b=c+d%20[e]',
    form: 'a%26b%3Dc%2Bd%2520%5Be%5D',
    json: '"a&b=c+d%20[e]"',
    decoded: 'a&b=c+d%20[e]',
  },
  {
    what: 'quotes and backslashes',
    value: `say "it's" \\ <b>`,
    form: 'say+%22it%27s%22+%5C+%3Cb%3E',
    json: `"say \\"it's\\" \\\\ <b>"`,
    decoded: `say "it's" \\ <b>`,
  },
  {
    what: 'line breaks and tabs',
    value: 'one\r\ntwo\n\tthree',
    form: 'one%0D%0Atwo%0A%09three',
    json: String.raw`"one\r\ntwo\n\tthree"`,
    decoded: 'one\r\ntwo\n\tthree',
  },
  { what: 'a NUL', value: 'a\0b', form: 'a%00b', json: String.raw`"a\u0000b"`, decoded: 'a\0b' },
  { what: 'spaces at both ends', value: '  x ', form: '++x+', json: '"  x "', decoded: '  x ' },
  {
    what: 'punctuation that PHP escapes',
    value: "-_.~!*'();,",
    form: '-_.%7E%21%2A%27%28%29%3B%2C',
    json: `"-_.~!*'();,"`,
    decoded: "-_.~!*'();,",
  },
  { what: 'half a surrogate pair', value: 'a\ud83d', form: 'a%EF%BF%BD', json: '"a\ufffd"', decoded: 'a\ufffd' },
  { what: 'a bidirectional override', value: '\u202eabc', form: '%E2%80%AEabc', json: '"\u202eabc"', decoded: '\u202eabc' },
  { what: 'an entity', value: '&amp;&#39;', form: '%26amp%3B%26%2339%3B', json: '"&amp;&#39;"', decoded: '&amp;&#39;' },
];
