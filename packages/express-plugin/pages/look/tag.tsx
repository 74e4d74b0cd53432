import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icon.tsx';

/** What a colour means, everywhere: good, wait, bad, off, or just worth a look. */
export type Tone = 'good' | 'warn' | 'bad' | 'off' | 'info';

interface TagProps {
  readonly tone?: Tone;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}

/** A state in a word or two; never by its colour alone. */
export function Tag({ tone = 'off', icon, children }: TagProps): JSX.Element {
  return (
    <span class={`tag tag-${tone}`}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}
