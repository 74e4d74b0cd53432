import test from 'ava';
import type { ExplanationJson } from '../src/manage/schemas-explanations.ts';
import { noon } from './host.ts';
import { bad, problem, startManaged, storages, subscribed, tagged } from './manage-host.ts';

for (const [kind, storage] of Object.entries(storages)) {
  test(`${kind}: who asks is told why something was not sent, of what is its own`, async (t) => {
    const host = await startManaged(t, { engine: { storage: storage() } });
    const { id } = await subscribed(host);
    host.answer = () => bad(500, 'out of order');
    await tagged(host);
    await host.engine.deliverDue();
    const [delivery] = (await host.engine.deliveries.list(1)).rows;
    const [deliveryId, eventId] = [delivery?.id ?? '', delivery?.eventId ?? ''];
    const retrying: ExplanationJson = {
      state: 'retrying',
      because: 'attempt 1 failed: HTTP 500',
      next: 'attempt 2 follows',
      at: new Date(noon + 5_000).toISOString(),
    };
    t.deepEqual((await host.api('GET', `/deliveries/${deliveryId}/explanation`)).json, retrying);
    t.deepEqual((await host.api('GET', `/subscriptions/${id}/explanation?eventId=${eventId}`)).json, retrying);
    t.like((await host.api('GET', `/subscriptions/${id}/explanation`)).json, {
      state: 'failing',
      because: 'its last attempt failed',
    });
    const other = await subscribed(host, { topic: 'sub_tag(9)' });
    t.like((await host.api('GET', `/subscriptions/${other.id}/explanation?eventId=${eventId}`)).json, {
      state: 'not_subscribed',
      because: 'it is subscribed to sub_tag(9), and the event is sub_tag(3)',
    });
    for (const path of [
      '/deliveries/none/explanation',
      '/subscriptions/999/explanation',
      `/subscriptions/${id}/explanation?eventId=none`,
      `/subscriptions/999/explanation?eventId=${eventId}`,
    ]) {
      t.like((await host.api('GET', path)).json, problem('not_found', 404), path);
    }
  });
}
