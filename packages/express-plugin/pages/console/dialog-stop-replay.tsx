import type { JSX } from 'preact';
import type { ReplayJson } from '../../src/manage/schemas-replays.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';
import { changed } from './live.ts';

interface DialogProps {
  readonly replay: ReplayJson;
  readonly onClose: () => void;
}

/** Cancels a replay, once it is clear what that means. */
export function StopReplayDialog({ replay, onClose }: DialogProps): JSX.Element {
  const stop = useAction(async () => {
    await send('DELETE', `replays/${encodeURIComponent(replay.id)}`);
    announce('The replay is cancelled.');
    onClose();
    changed();
  });
  return (
    <Dialog title="Cancel this replay?" onClose={onClose}>
      <p>
        Nothing more is made due. What is due already
        {replay.waiting > 0 && ` (${replay.waiting.toLocaleString('en')} that wait)`} is still sent, and is counted no more. You
        can begin another one for the rest.
      </p>
      <Problem error={stop.error} />
      <div class="dialog-actions">
        <Button onClick={onClose} autofocus>
          Let it go on
        </Button>
        <Button kind="danger" busy={stop.busy} onClick={stop.run}>
          Cancel the replay
        </Button>
      </div>
    </Dialog>
  );
}
