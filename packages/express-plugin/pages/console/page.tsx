import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from '../look/icon.tsx';

interface PageProps {
  readonly title: string;
  /** What stands above the title: the way back. */
  readonly back?: { readonly href: string; readonly name: string };
  /** What stands beside the title. */
  readonly beside?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A page of the console with its title, in the window too. */
export function Page({ title, back, beside, actions, children }: PageProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Webhooks`;
  }, [title]);
  return (
    <>
      <div class="title">
        {back && (
          <a class="title-back" href={back.href}>
            <Icon name="back" size={14} />
            {back.name}
          </a>
        )}
        <div class="title-row">
          <div class="row">
            <h1 tabIndex={-1}>{title}</h1>
            {beside}
          </div>
          {actions && <div class="row">{actions}</div>}
        </div>
      </div>
      {children}
    </>
  );
}
