import { rememberedIds, verifyOnce, type ReplayStore } from '@hookwell/core/verify';
import test from 'ava';
import { headersOf, newSecret, type SignedHeaders } from './plugins/signed-headers.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const secret = newSecret();

/** The headers of an attempt, and the answer to it. */
function attempt(id: string, startedAt: number): SignedHeaders {
  return headersOf({ secret }, { deliveryId: id, startedAt, body: 'x' });
}

async function receive(headers: SignedHeaders, seen: ReplayStore, at: number): Promise<string> {
  const checked = await verifyOnce({ headers, body: 'x', secrets: secret, seen, now: () => at });
  return checked.ok ? (checked.repeated ? 'repeated' : 'new') : checked.reason;
}

test('a request that is sent again is told apart from a new one, for as long as its signature holds', async (t) => {
  const seen = rememberedIds();
  const recorded = attempt('a', noon);
  t.is(await receive(recorded, seen, noon), 'new');
  t.is(await receive(attempt('b', noon), seen, noon), 'new');
  for (const later of [0, 1, 299_000, 300_000]) t.is(await receive(recorded, seen, noon + later), 'repeated', `${later}`);
  t.regex(await receive(recorded, seen, noon + 301_000), /^It was signed too long ago/);
});

test('a clock of the sender that goes before ours gives nobody time to send again', async (t) => {
  const seen = rememberedIds();
  const recorded = attempt('a', noon + 290_000);
  t.is(await receive(recorded, seen, noon), 'new');
  for (const later of [300_001, 302_000, 590_000]) t.is(await receive(recorded, seen, noon + later), 'repeated', `${later}`);
});

test('an attempt that is tried again is known by its id, and cannot be sent again for as long as it holds itself', async (t) => {
  const seen = rememberedIds();
  t.is(await receive(attempt('a', noon), seen, noon), 'new');
  const retry = attempt('a', noon + 250_000);
  t.is(await receive(retry, seen, noon + 250_000), 'repeated');
  t.is(await receive(retry, seen, noon + 540_000), 'repeated');
});

test('what could not be done is forgotten, so that it is new when it comes again', async (t) => {
  const seen = rememberedIds();
  const request = { headers: attempt('a', noon), body: 'x', secrets: secret, seen, now: () => noon };
  const first = await verifyOnce(request);
  t.like(first, { ok: true, repeated: false, id: 'a', timestamp: noon / 1_000 });
  if (first.ok) await first.forget();
  t.like(await verifyOnce(request), { ok: true, repeated: false });
  t.like(await verifyOnce(request), { ok: true, repeated: true });
});

test('a request that nobody signed is not remembered', async (t) => {
  const seen = rememberedIds();
  t.regex(await receive({ ...attempt('a', noon), 'webhook-signature': 'v1,AAAA' }, seen, noon), /^No signature matches/);
  t.is(await receive(attempt('a', noon), seen, noon), 'new');
});

test('no more ids are remembered than it says, and the oldest go first', (t) => {
  const seen = rememberedIds({ most: 3 });
  const remember = (id: string, now = 0): unknown => seen.remember(id, now + 100, now);
  t.deepEqual(
    ['a', 'b', 'c'].map((id) => remember(id)),
    [true, true, true],
  );
  t.deepEqual(
    ['a', 'b', 'c'].map((id) => remember(id)),
    [false, false, false],
  );
  t.true(remember('d'));
  t.deepEqual(
    ['b', 'c', 'd'].map((id) => remember(id)),
    [false, false, false],
  );
  t.true(remember('a'));
  for (let round = 0; round < 10_000; round += 1) t.true(remember(String(round), 1));
  t.true(remember('d', 1));
  t.true(remember('9999', 102));
  t.throws(() => rememberedIds({ most: 0 }), { instanceOf: RangeError, message: /whole number from 1, not 0/ });
});

test('processes that share a store take a request once, whichever of them gets it', async (t) => {
  const shared = new Map<string, number>();
  const store: ReplayStore = {
    async remember(id, until) {
      const isNew = !shared.has(id);
      shared.set(id, until);
      return isNew;
    },
    async forget(id) {
      shared.delete(id);
    },
  };
  const recorded = attempt('a', noon);
  const told = await Promise.all(Array.from({ length: 10 }, async () => receive(recorded, store, noon)));
  t.deepEqual(told.toSorted(), ['new', ...Array.from({ length: 9 }, () => 'repeated')]);
  t.true((shared.get('a') ?? 0) > noon + 300_000);
});
