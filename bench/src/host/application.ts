import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import express from 'express';
import { contact } from '../workload.ts';

/** How long the route waits for what would be the host's database, in milliseconds. */
const waitMs = 1;

/** The host: an Express application with a route that answers a contact as JSON. */
export interface Application {
  /** The route, without the number of the contact. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startApplication(): Promise<Application> {
  const app = express();
  app.get('/contacts/:id', async (request, response) => {
    await setTimeout(waitMs);
    response.json(contact(Number(request.params.id)));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/contacts`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
