import type { JSX } from 'preact';
import type { DeliveryPageJson, SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { count } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { get, send } from './api.ts';
import { changed } from './live.ts';
import { namesChanged } from './names.ts';
import { go } from './router.tsx';
import { topicWords } from './words.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Ends a subscription, once it is clear what that means. */
export function DeleteDialog({ subscription, onClose }: DialogProps): JSX.Element {
  const { id, topic, url } = subscription;
  const waiting = useLoaded('', async (signal) => get<DeliveryPageJson>('deliveries', { subscriptionId: id, limit: 1 }, signal));
  const lost = waiting.data?.remaining ?? 0;
  const remove = useAction(async () => {
    await send('DELETE', `subscriptions/${id}`);
    announce('The subscription has ended.');
    onClose();
    go({ page: 'subscriptions', which: 'active', text: '' });
    namesChanged();
    changed();
  });
  return (
    <Dialog title="Delete this subscription?" onClose={onClose}>
      <p>
        <strong>{topicWords(topic)}</strong> is sent to <code>{url}</code> no more.
      </p>
      <ul class="steps">
        <li>
          {lost > 0 ? (
            <strong>{count(lost, 'delivery that waits is', 'deliveries that wait are')} cancelled and never sent.</strong>
          ) : (
            'Nothing waits for it, so nothing is lost.'
          )}
        </li>
        <li>Its log stays for a few days; the subscription itself is then among the ended ones.</li>
        <li>This cannot be undone. You can make another one that is the same, with a new number and a new secret.</li>
      </ul>
      <Problem error={remove.error} />
      <div class="dialog-actions">
        <Button onClick={onClose} autofocus>
          Keep it
        </Button>
        <Button kind="danger" busy={remove.busy} onClick={remove.run}>
          Delete it
        </Button>
      </div>
    </Dialog>
  );
}
