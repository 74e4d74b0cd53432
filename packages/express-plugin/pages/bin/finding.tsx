import type { JSX } from 'preact';
import type { SignatureFinding } from '../../src/bins/bin-shapes.ts';
import { Tag } from '../look/tag.tsx';

const tags = {
  verified: { tone: 'good', icon: 'check', text: 'Signature verified' },
  wrong: { tone: 'bad', icon: 'warning', text: 'Signature wrong' },
  unchecked: { tone: 'warn', icon: 'info', text: 'Signature not checked' },
  unsigned: { tone: 'off', icon: 'info', text: 'Not signed' },
} as const;

/** Whether a request was signed as it should be, in a word or two. */
export function Finding({ finding }: { readonly finding: SignatureFinding }): JSX.Element {
  const { tone, icon, text } = tags[finding.state];
  return (
    <Tag tone={tone} icon={icon}>
      {text}
    </Tag>
  );
}
