import { defaultRangeExtractor, observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import type { JSX } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import { useNarrow } from './hooks.ts';
import type { LogLine } from './log-lines.ts';
import { LogRow } from './log-row.tsx';
import type { Names } from './names.ts';

interface LogListProps {
  readonly rows: readonly LogLine[];
  readonly total: number;
  readonly names: Names;
  readonly hasMore: boolean;
  /** Told when the last rows come into reach. */
  readonly onNearEnd: () => void;
  readonly onOpen: (deliveryId: string) => void;
}

/** Rows before the end at which the next page is asked for: a page is there before it is needed. */
const ahead = 60;

/** Heights of a row in rem; styles say the same. */
const rowHeights = { wide: 2.75, narrow: 5.5 };

/** The rows of the log, of which only those in sight are there. Arrow keys go from row to row. */
export function LogList({ rows, total, names, hasMore, onNearEnd, onOpen }: LogListProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const [, render] = useReducer((turn: number) => turn + 1, 0);
  /** The row that has the focus: it stays, however far one scrolls. */
  const [current, setCurrent] = useState<string | null>(null);
  /** The row that is to have the focus as soon as it is there; null for none. */
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] a`);
    if (!row) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });
  const narrow = useNarrow();
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const height = rem * rowHeights[narrow ? 'narrow' : 'wide'];
  const currentIndex = current === null ? -1 : rows.findIndex(({ key }) => key === current);

  // A function that is another one has it measure every row again.
  const estimateSize = useCallback(() => height, [height]);
  const getItemKey = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => setScrollMargin(Math.round((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY)));

  const options = {
    count: rows.length,
    getScrollElement: () => window,
    estimateSize,
    getItemKey,
    overscan: 10,
    scrollMargin,
    initialOffset: () => window.scrollY,
    // The page has a header that stays.
    scrollPaddingStart: 120,
    scrollPaddingEnd: 24,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    onChange: () => render(undefined),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const indexes = defaultRangeExtractor(range);
      if (currentIndex < 0 || indexes.includes(currentIndex)) return indexes;
      return [...indexes, currentIndex].toSorted((a, b) => a - b);
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<Window, HTMLDivElement>(options));
  virtualizer.setOptions(options);
  // What adapters to other libraries of pages call; the library names them as it pleases.
  const { _didMount: mounted, _willUpdate: updated } = virtualizer;
  useLayoutEffect(() => mounted(), [mounted]);
  useLayoutEffect(() => updated());
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, height]);

  const items = virtualizer.getVirtualItems();
  const last = virtualizer.range?.endIndex ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - ahead) onNearEnd();
  }, [last, rows.length, hasMore]);

  const move = (event: KeyboardEvent): void => {
    const jump = { ArrowDown: currentIndex + 1, ArrowUp: currentIndex - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (jump === undefined || currentIndex < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const index = Math.min(Math.max(jump, 0), rows.length - 1);
    virtualizer.scrollToIndex(index, { align: 'auto' });
    wanted.current = index;
    setCurrent(rows[index]?.key ?? null);
  };

  return (
    <div class="log-rows" role="table" aria-label="Deliveries" aria-rowcount={total + 1}>
      <div class="log-head" role="row" aria-rowindex={1}>
        {['Status', 'Event', 'What happened', 'Time', 'Took'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div
        class="log-body"
        role="rowgroup"
        ref={body}
        style={{ height: `${virtualizer.getTotalSize()}px` }}
        onKeyDown={move}
        onFocusIn={(event) => {
          const row = event.target instanceof Element ? event.target.closest('[data-index]') : null;
          if (row) setCurrent(rows[Number(row.getAttribute('data-index'))]?.key ?? null);
        }}
        onFocusOut={() => setCurrent(null)}
      >
        {items.map(({ key, index, start }) => {
          const line = rows[index];
          return (
            line && (
              <LogRow
                key={String(key)}
                line={line}
                index={index}
                top={start - virtualizer.options.scrollMargin}
                subscription={names.get(line.subscriptionId)}
                onOpen={onOpen}
              />
            )
          );
        })}
      </div>
    </div>
  );
}
