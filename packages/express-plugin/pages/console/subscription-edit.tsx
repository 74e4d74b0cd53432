import type { JSX } from 'preact';
import type { NewSubscriptionJson } from '../../src/manage/schemas-requests.ts';
import type { CatalogJson } from '../../src/manage/schemas-stats.ts';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { ApiError } from '../look/api.ts';
import { Problem } from '../look/problem.tsx';
import { useLoaded } from '../look/use-loaded.ts';
import { get, send } from './api.ts';
import { changed } from './live.ts';
import { namesChanged } from './names.ts';
import { Page } from './page.tsx';
import { hashOf } from './route.ts';
import { go } from './router.tsx';
import { SubscriptionForm } from './subscription-form.tsx';
import { topicWords } from './words.ts';

const nothingChosen: NewSubscriptionJson = {
  url: '',
  topic: '',
  format: 'full',
  encoding: 'form',
  ordering: 'none',
  coalesceMs: 0,
};

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
    try {
      await send('PATCH', `subscriptions/${id}`, chosen);
    } catch (error) {
      if (!(error instanceof ApiError) || !['auth', 'headers'].includes(error.part ?? '')) throw error;
      throw new ApiError(
        error.status,
        'Its headers belong to the old address',
        'Take the headers of this subscription away first, on its page. Then change the address, and enter those of the new one.',
      );
    }
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
