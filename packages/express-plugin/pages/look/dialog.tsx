import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.tsx';

interface DialogProps {
  readonly title: string;
  /** Whether it stands at the side, as high as the window: for what is long. */
  readonly panel?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A dialog that is open as long as it is rendered. Escape and the cross close it; the focus goes back to where it was.
 * The element to begin with carries `autofocus`.
 */
export function Dialog({ title, panel = false, onClose, children }: DialogProps): JSX.Element {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={panel ? 'dialog panel' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        // Whether it is rendered decides whether it is open.
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" small icon="cross" aria-label="Close" onClick={onClose} />
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
