import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { causality } from '@hookwell/core';
import test from 'ava';
import { parserSetups, versions, type Version } from './host.ts';

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: what a host does for a webhook follows its chain, whatever reads its body, and each request its own`, async (t) => {
    const from = versions[version];
    const causes = causality();
    for (const [name, parsers] of Object.entries(parserSetups)) {
      const app = from().use((request, _response, next) => causes.follow(request.headers, next));
      for (const parser of parsers(from)) app.use(parser);
      app.post('/hooks', async (request, response) => {
        await new Promise(setImmediate);
        // Where no parser has read the body, the host does.
        if (request.body === undefined || !request.readableEnded) for await (const part of request) void part;
        response.end(String(causes.current()));
      });
      const server = createServer(app);
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      t.teardown(() => void server.close());
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
      const body = `{"fill":"${'x'.repeat(100_000)}"}`;
      const post = async (headers: Record<string, string>): Promise<string> => {
        const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
        return answer.text();
      };
      t.deepEqual(
        await Promise.all([
          post({ 'webhook-cause': 'a, b', 'webhook-id': 'b' }),
          post({}),
          post({ 'webhook-id': 'c' }),
          post({ 'webhook-cause': 'no chain;' }),
        ]),
        ['a, b', 'null', 'c', 'null'],
        name,
      );
    }
  });
}
