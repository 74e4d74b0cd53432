import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { send } from './api.ts';
import { useAction } from './hooks.ts';
import { changed } from './live.ts';
import { Problem } from './problem.tsx';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Pauses a subscription, with a reason for whoever looks at it later. */
export function PauseDialog({ subscription: { id }, onClose }: DialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const pause = useAction(async () => {
    await send('POST', `subscriptions/${id}/pause`, reason.trim() === '' ? {} : { reason: reason.trim() });
    announce('It is paused.');
    changed();
    onClose();
  });
  return (
    <Dialog title="Pause this subscription?" onClose={onClose}>
      <p>Nothing is sent until somebody resumes it. Its events are kept, and are sent then, the oldest first.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          pause.run();
        }}
      >
        <Field label="Why (optional)" hint="For those who find it paused, and wonder who did it and why.">
          {(control) => (
            <input
              {...control}
              maxLength={200}
              placeholder="e.g. Maria: our server moves tonight"
              value={reason}
              autofocus
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <Problem error={pause.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Not now</Button>
          <Button kind="primary" type="submit" busy={pause.busy}>
            Pause
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
