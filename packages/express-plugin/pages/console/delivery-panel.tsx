import type { JSX } from 'preact';
import { Dialog } from '../look/dialog.tsx';
import { Delivery } from './delivery.tsx';

/** A delivery beside the log, which stays where it is. */
export function DeliveryPanel({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Delivery" panel onClose={onClose}>
      <Delivery key={id} id={id} />
    </Dialog>
  );
}
