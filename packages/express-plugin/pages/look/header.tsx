import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { PagePart, PageSettings } from './settings.ts';

const parts: readonly { readonly part: PagePart; readonly path: string; readonly name: string }[] = [
  { part: 'console', path: 'console', name: 'Console' },
  { part: 'documentation', path: 'docs', name: 'Documentation' },
  { part: 'bins', path: 'bins', name: 'Request bins' },
  { part: 'feed', path: 'feed.rss', name: 'Changes' },
];

interface HeaderProps {
  readonly settings: PageSettings;
  /** The part that this page is. */
  readonly current: PagePart;
  readonly children?: ComponentChildren;
}

/** The top of every page: a way past it, the other parts that are switched on, and whose page it is. */
export function Header({ settings, current, children }: HeaderProps): JSX.Element {
  const { root, on, account } = settings;
  return (
    <header class="header">
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          // The hash is the route of pages that have several.
          event.preventDefault();
          document.querySelector<HTMLElement>('main')?.focus();
        }}
      >
        Skip to content
      </a>
      <div class="header-inner">
        <span class="header-brand">
          <Icon name="hook" size={18} />
          Webhooks
        </span>
        <nav aria-label="Parts">
          <ul class="header-links">
            {parts
              .filter(({ part }) => on[part] === true)
              .map(({ part, path, name }) => (
                <li key={part}>
                  <a href={root + path} aria-current={part === current ? 'page' : undefined}>
                    {name}
                  </a>
                </li>
              ))}
          </ul>
        </nav>
        {children}
        {account !== null && (
          <span class="header-account" title="The account whose webhooks these are">
            {account}
          </span>
        )}
      </div>
    </header>
  );
}
