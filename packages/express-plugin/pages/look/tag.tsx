import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';
import type { Tone } from './tone.ts';

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
