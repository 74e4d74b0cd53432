import type { JSX } from 'preact';
import { jsonTokens } from './json-tokens.ts';

/** What is longer is shown without colours, because each token is an element. */
const colouredUpTo = 50_000;

interface CodeProps {
  readonly text: string;
  /** What it is, for those who cannot see where it stands. */
  readonly label: string;
}

/** A text as it is, in a box that scrolls. */
export function Code({ text, label }: CodeProps): JSX.Element {
  return (
    <pre class="code" tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  );
}

/** A value as JSON with colours, or JSON text that is laid out already. */
export function Json({ text, label }: CodeProps): JSX.Element {
  if (text.length > colouredUpTo) return <Code text={text} label={label} />;
  return (
    <pre class="code" tabIndex={0} role="group" aria-label={label}>
      {jsonTokens(text).map(({ kind, text: part }, index) =>
        kind === 'other' ? (
          part
        ) : (
          <span key={index} class={`code-${kind}`}>
            {part}
          </span>
        ),
      )}
    </pre>
  );
}
