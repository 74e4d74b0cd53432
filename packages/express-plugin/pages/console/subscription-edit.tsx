import type { JSX } from 'preact';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import type { NewSubscriptionJson } from '../../src/manage/schemas-requests.ts';
import type { CatalogJson } from '../../src/manage/schemas-stats.ts';
import { announce } from '../look/announce.ts';
import { get, send } from './api.ts';
import { useLoaded } from './hooks.ts';
import { changed } from './live.ts';
import { namesChanged } from './names.ts';
import { Page } from './page.tsx';
import { Problem } from './problem.tsx';
import { hashOf } from './route.ts';
import { go } from './router.tsx';
import { SubscriptionForm } from './subscription-form.tsx';
import { topicWords } from './words.ts';

const nothingChosen: NewSubscriptionJson = { url: '', topic: '', format: 'full', encoding: 'form' };

/** Makes a subscription. */
export function NewSubscription(): JSX.Element {
  const catalog = useLoaded('', async (signal) => get<CatalogJson>('catalog', {}, signal));
  const save = async (chosen: NewSubscriptionJson): Promise<void> => {
    const { id } = await send<SubscriptionJson>('POST', 'subscriptions', chosen);
    announce('The subscription is made.');
    namesChanged();
    changed();
    go({ page: 'subscription', id });
  };
  return (
    <Page title="New subscription" back={{ href: '#/subscriptions', name: 'Subscriptions' }}>
      <Problem error={catalog.error} onRetry={catalog.reload} />
      {catalog.data ? (
        <SubscriptionForm
          catalog={catalog.data}
          start={nothingChosen}
          saveAs="Subscribe"
          onSave={save}
          cancel="#/subscriptions"
        />
      ) : (
        !catalog.error && <p class="loading">Loading…</p>
      )}
    </Page>
  );
}

/** Changes a subscription. */
export function EditSubscription({ id }: { readonly id: number }): JSX.Element {
  const catalog = useLoaded('', async (signal) => get<CatalogJson>('catalog', {}, signal));
  const loaded = useLoaded(String(id), async (signal) => get<SubscriptionJson>(`subscriptions/${id}`, {}, signal));
  const subscription = loaded.data;
  const here = hashOf({ page: 'subscription', id });
  const save = async (chosen: NewSubscriptionJson): Promise<void> => {
    await send('PATCH', `subscriptions/${id}`, chosen);
    announce('The subscription is changed.');
    namesChanged();
    changed();
    go({ page: 'subscription', id });
  };
  return (
    <Page
      title="Edit subscription"
      back={{ href: here, name: subscription ? topicWords(subscription.topic) : `Subscription ${id}` }}
    >
      <Problem error={catalog.error ?? loaded.error} onRetry={loaded.error ? loaded.reload : catalog.reload} />
      {catalog.data && subscription ? (
        <SubscriptionForm
          catalog={catalog.data}
          start={subscription}
          saveAs="Save"
          onSave={save}
          cancel={here}
          note="What already waits is sent to the new address, too."
        />
      ) : (
        !(catalog.error ?? loaded.error) && <p class="loading">Loading…</p>
      )}
    </Page>
  );
}
