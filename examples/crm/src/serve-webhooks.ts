import type { Engine } from '@hookwell/core';
import { webhooks, type WebhooksHandler } from '@hookwell/express-plugin';
import { accountId } from './account.ts';
import type { Credentials } from './arguments.ts';
import type { EventName } from './crm.ts';
import type { Sessions } from './page/session.ts';
import { same } from './same.ts';

/** What this CRM tells the plugin of its users. */
export interface Users {
  readonly credentials: Credentials;
  readonly sessions: Sessions;
}

/** What the plugin serves under `/1`: the contract for programs, and every page that it has for people. */
export function serveWebhooks(engine: Engine<EventName>, { credentials, sessions }: Users): WebhooksHandler {
  return webhooks(engine, {
    authenticate: authenticate(credentials),
    // Whoever is signed in to the CRM sees the console; the plugin knows no users of its own.
    console: { authenticate: sessions.find, signIn: '/crm/sign-in' },
  });
}

/** Who a key pair belongs to: the one account of this CRM, or nobody. */
function authenticate({ appId, apiKey }: Credentials) {
  return (given: { readonly appId: string; readonly apiKey: string }) =>
    same(given.appId, appId) && same(given.apiKey, apiKey) ? { accountId } : null;
}
