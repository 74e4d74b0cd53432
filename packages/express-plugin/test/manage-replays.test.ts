import test from 'ava';
import Value from 'typebox/value';
import {
  ReplayPageSchema,
  ReplayPreviewSchema,
  ReplaySchema,
  type ReplayJson,
  type ReplayPageJson,
  type ReplayPreviewJson,
} from '../src/manage/schemas-replays.ts';
import { noon } from './host.ts';
import { bad, good, problem, startManaged, storages, subscribed, tagged } from './manage-host.ts';

const iso = (ms: number): string => new Date(noon + ms).toISOString();

for (const [kind, storage] of Object.entries(storages)) {
  test(`${kind}: a replay from its preview to its end`, async (t) => {
    const host = await startManaged(t, { engine: { storage: storage(), retry: { scheduleMs: [] } } });
    const subscription = await subscribed(host);
    host.answer = () => bad(500, 'out of order');
    for (let id = 1; id <= 3; id += 1) await tagged(host, '1', id);
    await host.engine.deliverDue();
    host.answer = () => good;
    host.move(1_000);
    const filter = { subscriptionId: subscription.id, from: iso(0), objectTypeId: 0, recordId: 2 };
    const preview = await host.api<ReplayPreviewJson>('POST', '/replays/preview', { json: filter });
    t.is(preview.status, 200, preview.text);
    t.true(Value.Check(ReplayPreviewSchema, preview.json));
    t.like(preview.json, { count: 1, complete: true });
    t.like(preview.json.examples[0], { subscriptionId: subscription.id, topic: 'sub_tag(3)' });
    const { from: _, ...wide } = filter;
    const made = await host.api<ReplayJson>('POST', '/replays', { json: { ...wide, recordId: '2', pacePerSecond: 20 } });
    t.is(made.status, 201, made.text);
    t.true(Value.Check(ReplaySchema, made.json), JSON.stringify(Value.Errors(ReplaySchema, made.json)));
    t.like(made.json, { state: 'running', pacePerSecond: 20, looking: true, createdAt: iso(1_000), endedAt: null, matched: 0 });
    t.like(made.json.filter, { recordId: '2', objectTypeId: 0, outcomes: ['failed'], missing: false, until: null });
    const sent = host.sent.length;
    for (let round = 0; round < 5; round += 1) {
      await host.engine.deliverDue();
      host.move(1_000);
    }
    t.is(host.sent.length, sent + 1);
    const done = await host.api<ReplayJson>('GET', `/replays/${made.json.id}`);
    t.like(done.json, { state: 'done', looking: false, matched: 1, queued: 1, waiting: 0, delivered: 1, failed: 0 });
    const again = await host.api('DELETE', `/replays/${made.json.id}`);
    t.like(again.json, problem('wrong_state', 409));
    const second = await host.api<ReplayJson>('POST', '/replays', { json: { missing: true } });
    const cancelled = await host.api<ReplayJson>('DELETE', `/replays/${second.json.id}`);
    t.like(cancelled.json, { state: 'cancelled', reason: 'cancelled by the account' });
    const list = await host.api<ReplayPageJson>('GET', '/replays?state=cancelled,running');
    t.true(Value.Check(ReplayPageSchema, list.json));
    t.deepEqual(list.json.rows, [cancelled.json]);
    const all = await host.api<ReplayPageJson>('GET', '/replays?limit=1');
    const next = await host.api<ReplayPageJson>('GET', `/replays?limit=1&cursor=${all.json.next}`);
    t.deepEqual([...all.json.rows, ...next.json.rows], [cancelled.json, done.json]);
    t.deepEqual(host.errors, []);
  });
}

test('what a replay cannot go by is refused with what can', async (t) => {
  const host = await startManaged(t);
  await subscribed(host, {}, 'app-2');
  for (const [json, detail] of [
    [{ outcomes: ['retry'] }, /outcomes/],
    [{ outcome: ['failed'] }, /Did you mean "outcomes"\?/],
    [{ outcomes: [] }, /ask for what is missing/],
    [{ recordId: 4 }, /both its "objectType" and its "recordId"/],
    [{ objectTypeId: 99, recordId: 4 }, /99/],
    [{ from: 'yesterday' }, /Send a time with its zone/],
    [{ from: iso(2_000), until: iso(1_000) }, /after "from"/],
    [{ subscriptionId: 1 }, /No subscription 1 in this account/],
    [{ pacePerSecond: 0 }, /1 to 10000/],
  ] as const) {
    const answer = await host.api('POST', '/replays', { json });
    t.like(answer.json, problem('invalid_body', 400), JSON.stringify(json));
    t.regex((answer.json as { readonly detail: string }).detail, detail);
  }
  t.like((await host.api('GET', '/replays/nobody')).json, problem('not_found', 404));
  t.like((await host.api('DELETE', '/replays/nobody')).json, problem('not_found', 404));
});
