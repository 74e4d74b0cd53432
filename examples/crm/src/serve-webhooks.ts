import { webhooks, type WebhooksHandler } from '@hookwell/express-plugin';
import { accountId } from './account.ts';
import type { Credentials } from './arguments.ts';
import type { Crm } from './crm.ts';
import type { Named } from './database.ts';
import type { Sessions } from './page/session.ts';
import { same } from './same.ts';
import type { Webhooks } from './webhooks.ts';

/** What this CRM tells the plugin of its users and of what they have. */
export interface HostContext {
  readonly crm: Pick<Crm, 'list'>;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
}

/** What the plugin serves under `/1`: the contract for programs, and every page that it has for people. */
export function serveWebhooks(
  { engine, secrets, headers, filters, metrics }: Webhooks,
  { crm, credentials, sessions }: HostContext,
): WebhooksHandler {
  return webhooks(engine, {
    authenticate: authenticate(credentials),
    ...(secrets === null ? {} : { secrets }),
    ...(headers === null ? {} : { headers }),
    filters,
    // Whoever is signed in to the CRM sees the console; the plugin knows no users of its own.
    console: { authenticate: sessions.find, signIn: '/crm/sign-in' },
    // Off by themselves where NODE_ENV is production; each process has its own.
    bins: {},
    // For anybody on this machine, and of this process; a CRM on the internet says who may read them (authenticate).
    metrics: { registry: metrics.registry },
    feed: { title: 'Changes of the example CRM’s webhooks' },
    documentation: {
      title: 'Webhooks of the example CRM',
      description: 'Your App ID and API key are on the page "Webhooks" of the CRM.',
      // What "Try it out" offers: the tags and forms that there are now.
      examples: async () => {
        const [tags, forms] = await Promise.all([crm.list('tags'), crm.list('forms')]);
        return { events: { sub_tag: tags.map(example), unsub_tag: tags.map(example), object_submits_form: forms.map(example) } };
      },
    },
  });
}

const example = ({ id, name }: Named) => ({ number: id, name });

/** Who a key pair belongs to: the one account of this CRM, or nobody. */
function authenticate({ appId, apiKey }: Credentials) {
  return (given: { readonly appId: string; readonly apiKey: string }) =>
    same(given.appId, appId) && same(given.apiKey, apiKey) ? { accountId } : null;
}
