import type { JSX } from 'preact';
import { announce } from '../look/announce.ts';
import { send } from './api.ts';
import { ReasonDialog } from './dialog-reason.tsx';
import { changed } from './live.ts';

interface CancelDialogProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Cancels a delivery that waits, once it is clear what that means. */
export function CancelDialog({ id, onClose, onDone }: CancelDialogProps): JSX.Element {
  return (
    <ReasonDialog
      title="Cancel this delivery?"
      hint="For the log."
      does="Cancel the delivery"
      kind="danger"
      leaves="Keep it"
      work={async (body) => {
        await send('POST', `deliveries/${encodeURIComponent(id)}/cancel`, body);
        announce('The delivery is cancelled.');
        onDone();
        changed();
      }}
      onClose={onClose}
    >
      It is not sent any more. The log says so, and you can send it again later, as long as its event is kept.
    </ReasonDialog>
  );
}
