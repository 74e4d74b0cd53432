import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { hashOf, readRoute, type Route } from './route.ts';

/** Follows the hash of the address. */
export function Router({ children }: { readonly children: (route: Route) => JSX.Element }): JSX.Element {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const listen = (): void => setRoute(readRoute(location.hash));
    addEventListener('hashchange', listen);
    return () => removeEventListener('hashchange', listen);
  }, []);
  return children(route);
}

/** Goes to another page. */
export function go(route: Route): void {
  location.hash = hashOf(route);
}

/** Says in the address what the page shows by now, without another entry in the history. */
export function restate(route: Route): void {
  const hash = hashOf(route);
  if (location.hash === hash || (location.hash === '' && hash === '#/')) return;
  history.replaceState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
