import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { send } from './api.ts';
import { useAction } from './hooks.ts';
import { changed } from './live.ts';
import { Problem } from './problem.tsx';

interface CancelDialogProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Cancels a delivery that waits, once it is clear what that means. */
export function CancelDialog({ id, onClose, onDone }: CancelDialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const cancel = useAction(async () => {
    await send('POST', `deliveries/${encodeURIComponent(id)}/cancel`, reason.trim() === '' ? {} : { reason: reason.trim() });
    announce('The delivery is cancelled.');
    onDone();
    changed();
    onClose();
  });
  return (
    <Dialog title="Cancel this delivery?" onClose={onClose}>
      <p>It is not sent any more. The log says so, and you can send it again later, as long as its event is kept.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          cancel.run();
        }}
      >
        <Field label="Why (optional)" hint="For the log.">
          {(control) => (
            <input
              {...control}
              maxLength={200}
              value={reason}
              autofocus
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <Problem error={cancel.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" type="submit" busy={cancel.busy}>
            Cancel the delivery
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
