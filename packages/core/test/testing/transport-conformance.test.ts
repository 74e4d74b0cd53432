import test from 'ava';
import { hostileReceiver, httpTransportHarness, notApplicable, transportConformance } from '../../src/testing/index.ts';
import { transportOverNodeHttp } from './transport-over-node-http.ts';
import { transportSaboteurs } from './transport-saboteurs.ts';

for (const { name, run } of transportConformance) {
  test.serial(`a sound transport keeps the promise: ${name}`, async (t) => {
    const receiver = await hostileReceiver();
    t.teardown(async () => receiver.close());
    await t.notThrowsAsync(run(httpTransportHarness(() => transportOverNodeHttp(), receiver)));
  });
}

for (const { does, createTransport, caughtBy, sentence } of transportSaboteurs) {
  test.serial(`the suite catches a transport that ${does}`, async (t) => {
    const caught = transportConformance.find(({ name }) => name === caughtBy);
    if (!caught) {
      t.fail(`no case is called "${caughtBy}"`);
      return;
    }
    const receiver = await hostileReceiver();
    t.teardown(async () => receiver.close());
    const error = await t.throwsAsync(caught.run(httpTransportHarness(createTransport, receiver)));
    t.regex(error?.message ?? '', sentence);
  });
}

test('every name begins with a member of the port and is told apart from all others', (t) => {
  const members = ['name', 'schemes', 'deadlineMs', 'start', 'checkUrl', 'send', 'stop'];
  const names = transportConformance.map(({ name }) => name);
  for (const name of names) t.true(members.includes(name.split(' ')[0] ?? ''), name);
  t.is(new Set(names).size, names.length);
  t.deepEqual(
    members.filter((member) => !names.some((name) => name.startsWith(`${member} `))),
    [],
  );
});

test('a case that a harness declares impossible is refused with its reason, and never passes in silence', async (t) => {
  const receiver = await hostileReceiver();
  t.teardown(async () => receiver.close());
  const unsupported = { gone: 'nobody can say so here' };
  const harness = { ...httpTransportHarness(() => transportOverNodeHttp(), receiver), unsupported };
  const gone = transportConformance.find(({ needs }) => needs.includes('gone'));
  t.is(notApplicable(gone?.needs ?? [], harness), 'nobody can say so here');
  await t.throwsAsync(async () => gone?.run(harness), { message: /must be shown as skipped: nobody can say so here/ });
  t.throws(() => notApplicable(['gone'], { unsupported: { gone: ' ' } }), { message: /without a reason/ });
});
