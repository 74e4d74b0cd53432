import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

const icons = { info: 'info', good: 'check', warn: 'warning', bad: 'warning' } as const satisfies Record<string, IconName>;

interface NoticeProps {
  readonly tone?: keyof typeof icons;
  readonly title?: ComponentChildren;
  readonly children?: ComponentChildren;
  /** Buttons and links: the way out. */
  readonly actions?: ComponentChildren;
  /** Whether screen readers are told of it as soon as it appears: for what follows on something that a person did. */
  readonly told?: boolean;
}

/** Something to be noticed on a page. */
export function Notice({ tone = 'info', title, children, actions, told = false }: NoticeProps): JSX.Element {
  return (
    <div class={`notice notice-${tone}`} role={told ? (tone === 'bad' ? 'alert' : 'status') : undefined}>
      <Icon name={icons[tone]} />
      <div class="notice-text">
        {title && <p class="notice-title">{title}</p>}
        {children && <div>{children}</div>}
        {actions && <div class="notice-actions">{actions}</div>}
      </div>
    </div>
  );
}
