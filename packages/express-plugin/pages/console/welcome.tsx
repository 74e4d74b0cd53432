import type { JSX } from 'preact';
import { Icon } from '../look/icon.tsx';
import { settings } from './settings.ts';

/** What an account sees that has no webhooks yet. */
export function Welcome(): JSX.Element {
  const { on, root } = settings;
  return (
    <section class="card empty">
      <h2>No webhooks yet</h2>
      <p class="empty-text">
        A webhook tells a program of yours as soon as something happens here: a tag is added, a form is submitted, a contact is
        created. Say which event, and to which address it is sent.
      </p>
      <div class="row">
        <a class="button button-primary" href="#/subscriptions/new">
          <Icon name="plus" />
          New subscription
        </a>
        {on.bins === true && (
          <a class="button" href={`${root}bins`}>
            Try it with a request bin
          </a>
        )}
      </div>
    </section>
  );
}
