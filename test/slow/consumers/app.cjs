// A CommonJS app gets the same modules by require: Node loads ES modules so from 22.12 on.

const { createEngine, ontraportCatalog, HookwellError } = require('@hookwell/core');
const { functionTransport } = require('@hookwell/adapters/function');
const { memoryStorage } = require('@hookwell/adapters/memory');
const { webhooks } = require('@hookwell/express-plugin');

async function main() {
  const bodies = [];
  const engine = createEngine({
    storage: memoryStorage(),
    transports: [functionTransport({ send: ({ body }) => void bodies.push(body) })],
    catalog: ontraportCatalog,
  });
  await engine.start({ deliver: false });
  await engine.subscriptions.create({ accountId: 1, url: 'function:inbox', topic: 'object_create(0)', format: 'notify' });
  await engine.emit('object_create(0)', { accountId: 1, objectType: 0, record: { id: 8 } });
  const round = await engine.deliverDue();
  await engine.stop();
  let refused = '';
  try {
    webhooks(engine, {});
  } catch (error) {
    if (HookwellError.is(error, 'invalid_option')) refused = error.message;
  }
  console.log(JSON.stringify({ node: process.version, round, bodies: bodies.map(decodeURIComponent), refused }));
}

void main();
