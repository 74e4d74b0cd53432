/** A row of the log: an attempt, or a delivery that waits. */
export interface LogLine {
  /** Unique among the rows of a list. */
  readonly key: string;
  /** The number of the line, which grows with time; for a delivery that waits, its place says more. */
  readonly order: number;
  readonly deliveryId: string;
  readonly subscriptionId: number;
  readonly topic: string | null;
  readonly status: 'delivered' | 'retry' | 'failed' | 'cancelled' | 'waiting' | 'sending';
  readonly reason: string;
  readonly code: number;
  readonly at: string;
  readonly durationMs: number | null;
  readonly number: number;
  /** When it is tried next; null when it is not. */
  readonly nextAt: string | null;
}

/** The part of a list that is known here. */
export interface LogLines {
  /** What is shown, newest first. */
  readonly rows: readonly LogLine[];
  /** What has come since and is not shown yet, newest first. */
  readonly fresh: readonly LogLine[];
  /** Whether there is more between `fresh` and `rows` than is known here. */
  readonly gap: boolean;
  /** What asks for what comes after `rows`; null at the end. */
  readonly next: LogQuestion | null;
  /** How many rows there are in all, as far as is known. */
  readonly total: number;
}

/** What the API is asked for a page of. */
export interface LogQuestion {
  readonly list: 'attempts' | 'deliveries';
  readonly query: Readonly<Record<string, string | number | null>>;
}

/** A page as the API answers it. */
export interface LogPage {
  readonly rows: readonly LogLine[];
  readonly next: LogQuestion | null;
  readonly remaining: number;
}

/** A list as its first page has it. */
export function begin(page: LogPage): LogLines {
  return { rows: page.rows, fresh: [], gap: false, next: page.next, total: page.remaining };
}

/** The list with the page that follows on what it has. */
export function more(lines: LogLines, page: LogPage): LogLines {
  const known = new Set(lines.rows.map(({ key }) => key));
  const rows = [...lines.rows, ...page.rows.filter(({ key }) => !known.has(key))];
  return { ...lines, rows, next: page.next, total: Math.max(rows.length, rows.length - page.rows.length + page.remaining) };
}

/**
 * The list once its first page was asked for again: new rows go on top when `show` says so and nothing is missing in
 * between, and wait to be shown otherwise.
 */
export function refresh(lines: LogLines, page: LogPage, show: boolean): LogLines {
  const newest = lines.fresh[0] ?? lines.rows[0];
  if (!newest) return page.rows.length === 0 ? lines : begin(page);
  const added = page.rows.filter(({ order }) => order > newest.order);
  if (added.length === 0) return lines;
  // A page of nothing but new rows does not say what is below it.
  const gap = lines.gap || (added.length === page.rows.length && page.next !== null);
  const fresh = [...added, ...lines.fresh];
  const total = gap ? page.remaining : lines.total + added.length;
  if (!show || gap) return { ...lines, fresh, gap, total };
  return { ...lines, rows: [...fresh, ...lines.rows], fresh: [], total };
}

/** The list with its new rows on top; null when it has to be read anew because there is more between them. */
export function showFresh(lines: LogLines): LogLines | null {
  if (lines.gap) return null;
  return { ...lines, rows: [...lines.fresh, ...lines.rows], fresh: [] };
}
