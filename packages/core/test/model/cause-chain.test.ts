import test from 'ava';
import { chainOfRequest, longestChain, readChain, withCause, writeChain } from '../../src/model/cause-chain.ts';

const id = (number: number): string => `0198f000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => id(index));

test('a chain is read as it was written, and grows at its end', (t) => {
  const chain = ids(3);
  t.deepEqual(readChain(writeChain(chain)), chain);
  t.deepEqual(withCause(chain, id(3)), ids(4));
  t.deepEqual(readChain(' a ,b,  c'), ['a', 'b', 'c'], 'as proxies may write lists');
});

test('a request has the chain of its two headers, each delivery once', (t) => {
  t.deepEqual(chainOfRequest({ 'webhook-cause': `${id(0)}, ${id(1)}`, 'webhook-id': id(1) }), ids(2));
  t.deepEqual(chainOfRequest({ 'webhook-cause': id(0), 'webhook-id': id(1) }), ids(2), 'of one that repeats what it got');
  t.deepEqual(chainOfRequest({ 'webhook-id': id(0) }), ids(1), 'of a sender that knows no chains');
  t.deepEqual(chainOfRequest({ 'webhook-cause': [id(0), id(1)] }), ids(2), 'in two lines');
  t.deepEqual(chainOfRequest(new Headers({ 'Webhook-Cause': id(0), 'Webhook-Id': id(1) })), ids(2), 'in the headers of fetch');
  t.deepEqual(chainOfRequest({}), []);
});

test('what is no chain counts as none, and of a long one the end is taken, as long as a chain can be', (t) => {
  for (const bad of ['a b', 'a,,b', 'a, "b"', 'a;b', 'ä', '\u0000', `a,${'b'.repeat(65)}`, ',', 'a\r\nb']) {
    t.deepEqual(chainOfRequest({ 'webhook-cause': bad }), [], bad);
  }
  t.deepEqual(chainOfRequest({ 'webhook-cause': 'no chain', 'webhook-id': 'no id' }), []);
  for (const count of [longestChain, longestChain + 1, 1_000, 100_000]) {
    t.deepEqual(chainOfRequest({ 'webhook-cause': writeChain(ids(count)) }), ids(count).slice(-longestChain), String(count));
  }
  t.deepEqual(withCause(ids(longestChain), id(longestChain)), ids(longestChain + 1).slice(1));
});

test('an id that a list cannot have is written so that it can', (t) => {
  for (const odd of ['a b', 'a,b', 'größe', "it's (7)", '"', 'x'.repeat(300), '€'.repeat(40)]) {
    const chain = withCause([id(0)], odd);
    t.is(chain.length, 2);
    t.deepEqual(readChain(writeChain(chain)), chain, odd);
  }
});
