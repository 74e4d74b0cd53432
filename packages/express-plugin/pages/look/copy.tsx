import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from './announce.ts';
import { Button } from './button.tsx';

interface CopyProps {
  readonly text: string;
  /** What is copied, e.g. "secret": its button is named "Copy secret". */
  readonly what: string;
}

/** A button that copies a text. */
export function Copy({ text, what }: CopyProps): JSX.Element {
  const [state, setState] = useState<'new' | 'copied' | 'refused'>('new');
  const copy = async (): Promise<void> => {
    const copied = await write(text);
    setState(copied ? 'copied' : 'refused');
    announce(copied ? `Copied the ${what}.` : `The browser did not copy the ${what}. Select it and copy it by hand.`);
    setTimeout(() => setState('new'), 2_000);
  };
  const shown = { new: 'Copy', copied: 'Copied', refused: 'Not copied' }[state];
  return (
    <Button small icon={state === 'copied' ? 'check' : 'copy'} aria-label={`${shown} ${what}`} onClick={() => void copy()}>
      {shown}
    </Button>
  );
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Pages without TLS, other than on localhost, have no clipboard of their own. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.className = 'visually-hidden';
  area.value = text;
  const focused = document.activeElement;
  // In a dialog, because all else is out of reach while one is open.
  (focused?.closest('dialog') ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
