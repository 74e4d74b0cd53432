import test from 'ava';
import { contactPlans, type Plan } from '../../src/plugins/contact-plans.ts';
import type { StoredEvent } from '../../src/model/event.ts';
import type { NewSubscription, Subscription } from '../../src/model/subscription.ts';

const to = (topic: string) => ({ accountId: '1', topic }) as NewSubscription;
const about = (objectType: number) => ({ accountId: '1', objectType }) as StoredEvent;
const found = [{ id: 7 }] as unknown as readonly Subscription[];

for (const plan of ['basic', 'plus'] as const) {
  test(`${plan}: the creation of contacts, tags and forms may be subscribed to, and nothing but contacts fires`, async (t) => {
    const plugin = contactPlans({ planOf: async () => plan });
    for (const topic of ['object_create(0)', 'sub_tag(3)', 'unsub_tag(3)', 'object_submits_form(4)', 'purchase_product(1)']) {
      await t.notThrowsAsync(async () => plugin.subscribe?.(to(topic), null), topic);
    }
    await t.throwsAsync(async () => plugin.subscribe?.(to('object_create(10001)'), null), {
      code: 'not_permitted',
      message: /The plan "(basic|plus)" has webhooks of contacts only, and "object_create\(10001\)"/,
    });
    t.is(await plugin.match?.(about(0), found), found);
    t.deepEqual(await plugin.match?.(about(10_001), found), []);
  });
}

for (const plan of ['pro', 'enterprise'] as const) {
  test(`${plan}: every object may be subscribed to, and fires`, async (t) => {
    const plugin = contactPlans({ planOf: () => plan });
    await t.notThrowsAsync(async () => plugin.subscribe?.(to('object_create(10001)'), null));
    t.is(await plugin.match?.(about(10_001), found), found);
  });
}

test('an unknown plan refuses what it would have to decide, and says which plans there are', async (t) => {
  const plugin = contactPlans({ planOf: () => 'gold' as Plan });
  await t.throwsAsync(async () => plugin.match?.(about(1), found), {
    code: 'invalid_option',
    message: /answered "gold" for account "1"\. Plans: "basic", "plus", "pro", "enterprise"/,
  });
  await t.notThrowsAsync(async () => plugin.match?.(about(0), found), 'contacts are on every plan');
});

test('a planOf that is no function is refused when the plugin is made', (t) => {
  t.throws(() => contactPlans({ planOf: 'pro' as never }), { code: 'invalid_option', message: /not a function/ });
  t.throws(() => contactPlans({} as never), { code: 'invalid_option', message: /needs the option "planOf"/ });
});
