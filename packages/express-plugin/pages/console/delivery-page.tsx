import type { JSX } from 'preact';
import { Delivery } from './delivery.tsx';
import { Page } from './page.tsx';

/** A delivery on a page of its own, for links to it. */
export function DeliveryPage({ id }: { readonly id: string }): JSX.Element {
  return (
    <Page title="Delivery" back={{ href: '#/log', name: 'Delivery log' }}>
      <Delivery id={id} />
    </Page>
  );
}
