// What a first user writes: an engine in an Express app, one subscription, one event, one payload.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { httpTransport } from '@hookwell/adapters/http';
import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine, ontraportCatalog } from '@hookwell/core';
import { storageConformance, transportConformance } from '@hookwell/core/testing';
import { webhooks } from '@hookwell/express-plugin';
import express from 'express';

const keys = { 'Api-Appid': 'app', 'Api-Key': 'key' };

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

async function run(storage) {
  const { promise: payload, resolve } = Promise.withResolvers();
  const receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      response.end();
      resolve(text);
    });
  });
  const receiverUrl = await listen(receiver);
  const engine = createEngine({
    storage,
    transports: [httpTransport({ protocols: ['https:', 'http:'], allow: ['127.0.0.1:*'] })],
    catalog: ontraportCatalog,
  });
  await engine.start();
  const app = express();
  app.use(
    '/1',
    webhooks(engine, { authenticate: ({ appId, apiKey }) => (appId === 'app' && apiKey === 'key' ? { accountId: 1 } : null) }),
  );
  const crm = createServer(app);
  const url = await listen(crm);
  const body = new URLSearchParams({ url: receiverUrl, event: 'sub_tag(3)', data: '{"format":"lightweight"}' });
  const answer = await fetch(`${url}/1/Webhook/subscribe`, { method: 'POST', headers: keys, body });
  if (answer.status !== 200) throw new Error(await answer.text());
  const record = { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' };
  await engine.emit('sub_tag(3)', { accountId: 1, objectType: 'Contact', record });
  const received = decodeURIComponent(await payload);
  await engine.stop();
  for (const server of [crm, receiver]) server.close().closeAllConnections();
  return received.replace(/timestamp=\d+/, 'timestamp=T');
}

const results = [await run(memoryStorage()), await run(sqliteStorage({ filename: ':memory:' }))];
console.log(
  JSON.stringify({ node: process.version, results, cases: [storageConformance.length > 0, transportConformance.length > 0] }),
);
