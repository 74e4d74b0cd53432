import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';

interface ReasonDialogProps {
  readonly title: string;
  /** What it means to do it. */
  readonly children: ComponentChildren;
  readonly hint: string;
  readonly placeholder?: string;
  /** What the button says that does it. */
  readonly does: string;
  readonly kind: 'primary' | 'danger';
  /** What the button says that leaves all as it is. */
  readonly leaves: string;
  /** Does it; the body has the reason, if there is one. */
  readonly work: (body: { readonly reason?: string }) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks why before something is done, which nobody has to answer. It closes once that is done. */
export function ReasonDialog(props: ReasonDialogProps): JSX.Element {
  const { title, children, hint, placeholder, does, kind, leaves, work, onClose } = props;
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    await work(reason.trim() === '' ? {} : { reason: reason.trim() });
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          action.run();
        }}
      >
        <Field label="Why (optional)" hint={hint}>
          {(control) => (
            <input
              {...control}
              maxLength={200}
              placeholder={placeholder}
              value={reason}
              autofocus
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <Problem error={action.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>{leaves}</Button>
          <Button kind={kind} type="submit" busy={action.busy}>
            {does}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
