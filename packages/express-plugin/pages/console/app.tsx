import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { onSession } from '../look/api.ts';
import { Header } from '../look/header.tsx';
import { Notice } from '../look/notice.tsx';
import { SignIn } from '../look/problem.tsx';
import { DeliveryPage } from './delivery-page.tsx';
import { Log } from './log.tsx';
import { Overview } from './overview.tsx';
import { Page } from './page.tsx';
import { Replays } from './replays.tsx';
import { hashOf, wholeLog, type Route } from './route.ts';
import { go, Router } from './router.tsx';
import { settings } from './settings.ts';
import { EditSubscription, NewSubscription } from './subscription-edit.tsx';
import { SubscriptionPage } from './subscription-page.tsx';
import { Subscriptions } from './subscriptions.tsx';

const sections: readonly { readonly name: string; readonly route: Route; readonly pages: readonly Route['page'][] }[] = [
  { name: 'Overview', route: { page: 'overview', range: '24h' }, pages: ['overview'] },
  {
    name: 'Subscriptions',
    route: { page: 'subscriptions', which: 'active', text: '' },
    pages: ['subscriptions', 'subscription', 'new', 'edit'],
  },
  { name: 'Delivery log', route: { page: 'log', filter: wholeLog, delivery: null }, pages: ['log', 'delivery'] },
  { name: 'Replays', route: { page: 'replays' }, pages: ['replays'] },
];

const searchField = 'input[type=search]';

/** The console: the page that its address names, under the sections that there are. */
export function App(): JSX.Element {
  const [ended, setEnded] = useState(false);
  useEffect(() => onSession(setEnded), []);

  return (
    <Router>
      {(route) => (
        <>
          <Header settings={settings} current="console" />
          <nav class="sections" aria-label="Console">
            <ul>
              {sections.map(({ name, route: to, pages }) => (
                <li key={name}>
                  <a
                    href={hashOf(to)}
                    aria-current={pages.includes(route.page) ? (pages[0] === route.page ? 'page' : 'true') : undefined}
                  >
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <Main route={route} ended={ended} />
        </>
      )}
    </Router>
  );
}

function Main({ route, ended }: { readonly route: Route; readonly ended: boolean }): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const place = placeOf(route);
  const shown = useRef(place);
  /** What has the focus once another page is there. */
  const first = useRef('h1');

  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    // Where a document would have been loaded, those who listen and those who press Tab begin at its top.
    if (route.page !== 'log') scrollTo(0, 0);
    main.current?.querySelector<HTMLElement>(first.current)?.focus({ preventScroll: true });
    first.current = 'h1';
  }, [place, route.page]);

  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (!asksForSearch(event)) return;
      event.preventDefault();
      const search = main.current?.querySelector<HTMLElement>(searchField);
      if (search) {
        search.focus();
        return;
      }
      first.current = searchField;
      go({ page: 'log', filter: wholeLog, delivery: null });
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);

  return (
    <main class="page" id="main" tabIndex={-1} ref={main}>
      {ended && (
        <Notice tone="warn" title="Your session has ended" told actions={<SignIn />}>
          What is shown here may be old. Sign in again in another tab, then go on here: nothing you typed is lost.
        </Notice>
      )}
      <Shown key={place} route={route} />
    </main>
  );
}

function Shown({ route }: { readonly route: Route }): JSX.Element {
  switch (route.page) {
    case 'overview':
      return <Overview range={route.range} />;
    case 'subscriptions':
      return <Subscriptions which={route.which} text={route.text} />;
    case 'new':
      return <NewSubscription />;
    case 'subscription':
      return <SubscriptionPage id={route.id} />;
    case 'edit':
      return <EditSubscription id={route.id} />;
    case 'log':
      return <Log filter={route.filter} delivery={route.delivery} />;
    case 'delivery':
      return <DeliveryPage id={route.id} />;
    case 'replays':
      return <Replays />;
    case 'unknown':
      return (
        <Page title="There is no such page">
          <p>
            The address leads nowhere. Go on to the <a href="#/">overview</a>.
          </p>
        </Page>
      );
  }
}

/** What makes a route another page, and not the same one showing something else. */
function placeOf(route: Route): string {
  return route.page === 'subscription' || route.page === 'edit' || route.page === 'delivery'
    ? `${route.page} ${route.id}`
    : route.page;
}

/** Whether a key is the slash that goes to the search of the page, or to that of the log. */
function asksForSearch({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const typing = target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
  return key === '/' && !ctrlKey && !metaKey && !altKey && !typing && !document.querySelector('dialog[open]');
}
