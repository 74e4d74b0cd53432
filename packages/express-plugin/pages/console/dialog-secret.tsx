import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewSecretJson, SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Copy } from '../look/copy.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Notice } from '../look/notice.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Makes a new signing secret, and shows it this once. */
export function SecretDialog({ subscription: { id }, onClose }: DialogProps): JSX.Element {
  const [secret, setSecret] = useState<string>();
  const rotate = useAction(async () => {
    const answer = await send<NewSecretJson>('POST', `subscriptions/${id}/rotate-secret`);
    setSecret(answer.secret);
    announce('Here is the new secret. It is shown this once.');
  });
  if (secret !== undefined) {
    return (
      <Dialog title="The new secret" onClose={onClose}>
        <Notice tone="warn" title="Copy it now: it is shown this once">
          For a while payloads are signed with the old one, too, so that nothing is refused until your receiver knows the new one.
        </Notice>
        <div class="secret">
          <code>{secret}</code>
          <Copy text={secret} what="secret" />
        </div>
        <div class="dialog-actions">
          <Button kind="primary" onClick={onClose}>
            I have copied it
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Rotate the signing secret?" onClose={onClose}>
      <ul class="steps">
        <li>A new secret is made, and shown to you once.</li>
        <li>For a while payloads are signed with both, the old one and the new one.</li>
        <li>Then the old one ends: your receiver must know the new one by then.</li>
      </ul>
      <Problem error={rotate.error} />
      <div class="dialog-actions">
        <Button onClick={onClose} autofocus>
          Not now
        </Button>
        <Button kind="primary" busy={rotate.busy} onClick={rotate.run}>
          Make a new secret
        </Button>
      </div>
    </Dialog>
  );
}
