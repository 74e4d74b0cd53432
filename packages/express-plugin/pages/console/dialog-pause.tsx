import type { JSX } from 'preact';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { send } from './api.ts';
import { ReasonDialog } from './dialog-reason.tsx';
import { changed } from './live.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Pauses a subscription, with a reason for whoever looks at it later. */
export function PauseDialog({ subscription: { id }, onClose }: DialogProps): JSX.Element {
  return (
    <ReasonDialog
      title="Pause this subscription?"
      hint="For those who find it paused, and wonder who did it and why."
      placeholder="e.g. Maria: our server moves tonight"
      does="Pause"
      kind="primary"
      leaves="Not now"
      work={async (body) => {
        await send('POST', `subscriptions/${id}/pause`, body);
        announce('It is paused.');
        changed();
      }}
      onClose={onClose}
    >
      Nothing is sent until somebody resumes it. Its events are kept, and are sent then, the oldest first.
    </ReasonDialog>
  );
}
