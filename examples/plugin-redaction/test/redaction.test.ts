import { functionTransport } from '@hookwell/adapters/function';
import { memoryStorage } from '@hookwell/adapters/memory';
import { createEngine, filters, ontraportCatalog, type Plugin } from '@hookwell/core';
import { redaction, type Redaction, type RedactionOptions } from '@hookwell/example-plugin-redaction';
import test, { type ExecutionContext } from 'ava';

const record = { id: 8, firstname: 'Mary', email: 'mary@example.com', birthday: '1990-01-15' };
const subscription = { accountId: 1, url: 'function:hook', topic: 'sub_tag(3)' } as const;

async function start(t: ExecutionContext, plugins: readonly Plugin[]) {
  const sent: string[] = [];
  const transport = functionTransport({ send: ({ body }) => sent.push(body) });
  const engine = createEngine({ storage: memoryStorage(), transports: [transport], catalog: ontraportCatalog, plugins });
  t.teardown(engine.stop);
  await engine.start({ deliver: false });
  return { engine, sent };
}

for (const encoding of ['json', 'form'] as const) {
  test(`${encoding}: some fields are in no payload, and more are not in those of the format redacted`, async (t) => {
    const { engine, sent } = await start(t, [redaction({ always: ['birthday'], redacted: ['email', 'phone'] })]);
    for (const format of ['full', 'lightweight', 'redacted']) {
      await engine.subscriptions.create({ ...subscription, format, encoding });
    }
    await engine.emit('sub_tag(3)', { accountId: 1, objectType: 'Contact', record });
    await engine.deliverDue();
    t.deepEqual(
      sent.map((body) => [/1990-01-15|birthday/.test(body), /mary@|email/.test(body), /Mary/.test(body)]),
      [
        [false, true, true],
        [false, true, true],
        [false, false, true],
      ],
    );
    const { rows } = await engine.deliveries.attempts(1);
    for (const { deliveryId } of rows) {
      const { request } = await engine.deliveries.get(1, deliveryId);
      t.notRegex(request?.body ?? 'none', /1990-01-15|^none$/, 'nor does the log show them in what was sent');
    }
  });
}

test('what no payload shows can be kept from filters', async (t) => {
  const hidden = redaction({ always: ['birthday'], redacted: ['email'] });
  t.deepEqual(hidden.hiddenFields satisfies Redaction['hiddenFields'], ['birthday']);
  const { engine } = await start(t, [hidden, filters({ hiddenFields: hidden.hiddenFields })]);
  const filter = JSON.stringify({ prefix: { 'data.birthday': '1990' } });
  await t.throwsAsync(async () => engine.subscriptions.create({ ...subscription, attributes: { filter } }), {
    code: 'invalid_input',
    message: /the field "birthday" is not shown here/,
  });
});

test('options that leave out nothing, or what receivers need, are refused', (t) => {
  const refused = (options: RedactionOptions, message: RegExp): void => {
    t.throws(() => redaction(options), { code: 'invalid_option', message });
  };
  refused({}, /^redaction: "always" and "redacted" are both empty; name a field, or leave the plugin out\.$/);
  refused({ always: ['id'] }, /^redaction: the field "id" cannot be left out, because receivers know records by it\.$/);
  refused({ allways: ['email'] } as RedactionOptions, /^redaction has no option "allways"\. Did you mean "always"\?/);
  refused({ always: 'email' as never }, /^redaction: option "always" is "email", but it must be array\./);
});
