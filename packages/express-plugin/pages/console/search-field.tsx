import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../look/icon.tsx';

interface SearchFieldProps {
  readonly label: string;
  readonly text: string;
  /** Told what is searched for at once, and then at most once in `everyMs` while one types on. */
  readonly onSearch: (text: string) => void;
}

const everyMs = 150;

/** A field that searches while one types; the slash goes there from anywhere. */
export function SearchField({ label, text, onSearch }: SearchFieldProps): JSX.Element {
  const [typed, setTyped] = useState(text);
  const told = useRef(text);
  const toldAt = useRef(Number.NEGATIVE_INFINITY);
  const latest = useRef(onSearch);
  latest.current = onSearch;

  useEffect(() => {
    // Somebody else has changed it: the way back, or a button that clears all filters.
    if (text === told.current) return;
    told.current = text;
    setTyped(text);
  }, [text]);

  useEffect(() => {
    if (typed === told.current) return undefined;
    const tell = (): void => {
      told.current = typed;
      toldAt.current = performance.now();
      latest.current(typed);
    };
    const timer = setTimeout(tell, Math.max(0, toldAt.current + everyMs - performance.now()));
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        class="input"
        aria-label={label}
        placeholder={`${label} (press /)`}
        aria-keyshortcuts="/"
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  );
}
