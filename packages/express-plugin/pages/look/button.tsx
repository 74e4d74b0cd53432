import type { ButtonHTMLAttributes, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

/** What a button is made of, beside what every button of HTML takes. */
export interface ButtonProps extends Omit<ButtonHTMLAttributes, 'size' | 'icon' | 'class'> {
  /** `risky` leads to a question first, `danger` is its answer. */
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'risky' | 'danger';
  readonly small?: boolean;
  readonly icon?: IconName;
  /** Works on what it was pressed for: keeps its focus, and does nothing more until then. */
  readonly busy?: boolean;
}

/** A button; it sends no form unless its type says so. */
export function Button({
  kind = 'plain',
  small = false,
  icon,
  busy = false,
  onClick,
  children,
  ...rest
}: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      class={`button button-${kind}${small ? ' button-small' : ''}`}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
