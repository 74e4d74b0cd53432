import { functionTransport } from '@hookwell/adapters/function';
import { memoryStorage } from '@hookwell/adapters/memory';
import { createEngine, ontraportCatalog, type TransportRequest } from '@hookwell/core';
import { cloudEvents, type CloudEventsOptions } from '@hookwell/example-plugin-cloud-events';
import test, { type ExecutionContext } from 'ava';

/** Sends the tagging of a contact to subscriptions of these formats, and answers the requests. */
async function send(
  t: ExecutionContext,
  formats: readonly string[],
  options: CloudEventsOptions = { source: '/crm' },
): Promise<TransportRequest[]> {
  const sent: TransportRequest[] = [];
  const transport = functionTransport({ send: (request) => sent.push(request) });
  const plugins = [cloudEvents(options)];
  const engine = createEngine({ storage: memoryStorage(), transports: [transport], catalog: ontraportCatalog, plugins });
  t.teardown(engine.stop);
  await engine.start({ deliver: false });
  for (const format of formats) {
    await engine.subscriptions.create({ accountId: 1, url: 'function:hook', topic: 'sub_tag(3)', format, encoding: 'json' });
  }
  const record = { id: 8, email: 'mary@example.com' };
  const occurredAt = Date.UTC(2026, 0, 15, 12, 0, 0, 250);
  await engine.emit('sub_tag(3)', { accountId: 1, objectType: 'Contact', record, occurredAt });
  await engine.deliverDue();
  return sent;
}

const header = ({ headers }: TransportRequest, name: string): string | undefined => headers[headers.indexOf(name) + 1];

test('an event is sent as CloudEvents 1.0 has it: structured, with all that is required and of the right form', async (t) => {
  const [request] = await send(t, ['cloudevents'], {
    source: 'https://crm.example.com',
    typePrefix: 'com.example.crm.',
  });
  t.truthy(request);
  if (!request) return;
  t.is(header(request, 'content-type'), 'application/cloudevents+json; charset=utf-8');
  const { id, data, ...rest } = JSON.parse(request.body) as Record<string, unknown>;
  t.deepEqual(rest, {
    specversion: '1.0',
    source: 'https://crm.example.com',
    type: 'com.example.crm.sub_tag',
    subject: 'Contact/8',
    time: '2026-01-15T12:00:00.250Z',
    datacontenttype: 'application/json',
    topic: 'sub_tag(3)',
  });
  t.regex(String(id), /^[0-9a-f-]{36}$/);
  t.like(data, { id: 8, email: 'mary@example.com', firstname: null });
  // Names of attributes, extensions too: lower-case letters and digits only.
  for (const name of Object.keys(rest)) t.regex(name, /^[a-z0-9]{1,20}$/);
});

test('every subscription gets the same event under the same id, and other formats are as they were', async (t) => {
  const [one, other, full] = await send(t, ['cloudevents', 'cloudevents', 'full']);
  t.is(one?.body, other?.body);
  t.deepEqual(Object.keys(JSON.parse(full?.body ?? '{}') as object), [
    'webhook_id',
    'object_type_id',
    'event',
    'data',
    'timestamp',
  ]);
});

test('options that could make no valid event are refused', (t) => {
  const refused = (options: object, message: RegExp): void => {
    t.throws(() => cloudEvents(options as never), { code: 'invalid_option', message });
  };
  refused({}, /^cloudEvents needs the option "source": The `source` of every event/);
  refused({ source: '' }, /^cloudEvents: option "source" is "", but it must match pattern/);
  refused({ source: 'two words' }, /^cloudEvents: option "source" is "two words", but it must match pattern/);
  refused(
    { source: '/crm', typePrefix: 'com.example' },
    /^cloudEvents: option "typePrefix" is "com\.example", but it must match/,
  );
  refused({ source: '/crm', typeprefix: 'a.' }, /^cloudEvents has no option "typeprefix"\. Did you mean "typePrefix"\?/);
});
