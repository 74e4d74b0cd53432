import type { JSX } from 'preact';
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { hashOf, readRoute, type Route } from './route.ts';

const Current = createContext<Route>({ page: 'overview', range: '24h' });

/** The route of the page that is shown. */
export function useRoute(): Route {
  return useContext(Current);
}

/** Follows the hash of the address. */
export function Router({ children }: { readonly children: (route: Route) => JSX.Element }): JSX.Element {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const listen = (): void => setRoute(readRoute(location.hash));
    addEventListener('hashchange', listen);
    return () => removeEventListener('hashchange', listen);
  }, []);
  return <Current.Provider value={route}>{children(route)}</Current.Provider>;
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
