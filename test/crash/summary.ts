import type { ViolationKind } from './oracle.ts';
import type { RunResult } from './run.ts';

/** What came of the cycles of one kind of fault, or of all. */
export interface SummaryRow {
  readonly fault: string;
  cycles: number;
  acked: number;
  undone: number;
  delivered: number;
  lost: number;
  phantom: number;
  duplicates: number;
  unexplained: number;
  disordered: number;
  stuck: number;
  seconds: number;
}

const columns = [
  ['fault', 'fault'],
  ['cycles', 'cycles'],
  ['acked', 'acked'],
  ['undone', 'rolled back'],
  ['delivered', 'delivered'],
  ['lost', 'lost'],
  ['phantom', 'phantom'],
  ['duplicates', 'duplicates'],
  ['unexplained', 'unexplained'],
  ['disordered', 'disordered'],
  ['stuck', 'stuck'],
  ['seconds', 'time'],
] as const;

const emptyRow = (fault: string): SummaryRow => ({
  fault,
  cycles: 0,
  acked: 0,
  undone: 0,
  delivered: 0,
  lost: 0,
  phantom: 0,
  duplicates: 0,
  unexplained: 0,
  disordered: 0,
  stuck: 0,
  seconds: 0,
});

/**
 * Sums a run up, a row for each kind of fault and one for all. What happened counts for the cycle that had begun last by
 * then, and a duplicate for the fault that explains it.
 */
export function summarise({ plan, cycles, evidence, verdict, tookMs }: RunResult): readonly SummaryRow[] {
  const rows = new Map<string, SummaryRow>();
  const rowOf = (fault: string): SummaryRow => {
    const row = rows.get(fault) ?? emptyRow(fault);
    rows.set(fault, row);
    return row;
  };
  for (const name of plan.kinds) rowOf(name);
  for (const { kind, tookMs: cycleMs } of cycles) {
    rowOf(kind).cycles += 1;
    rowOf(kind).seconds += cycleMs / 1_000;
  }
  const rowAt = (at: number): SummaryRow | undefined => {
    const cycle = cycles.findLast(({ beganAt }) => beganAt <= at) ?? cycles[0];
    return cycle && at > 0 ? rowOf(cycle.kind) : undefined;
  };
  const total = emptyRow('all');
  const count = (field: 'acked' | 'undone' | 'delivered' | ViolationKind, row: SummaryRow | undefined): void => {
    total[field] += 1;
    if (row) row[field] += 1;
  };
  for (const note of evidence.notes) {
    if (note.note === 'fate' && note.fate !== 'unknown') count(note.fate, rowAt(note.at));
  }
  const seen = new Set<string>();
  for (const { delivery, status, at } of evidence.arrivals) {
    if (status !== 200 || seen.has(delivery)) continue;
    seen.add(delivery);
    count('delivered', rowAt(at));
  }
  for (const { because } of verdict.duplicates) {
    total.duplicates += 1;
    rowOf(because).duplicates += 1;
  }
  for (const { kind, at } of verdict.violations) count(kind, rowAt(at));
  total.cycles = cycles.length;
  total.seconds = tookMs / 1_000;
  return [...rows.values(), total];
}

/** Writes rows as a table of Markdown. */
export function tableOf(rows: readonly SummaryRow[]): string {
  const cells = rows.map((row) =>
    columns.map(([field]) => (field === 'seconds' ? `${row.seconds.toFixed(0)} s` : String(row[field]))),
  );
  const titles = columns.map(([, title]) => title);
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(titles), rule, ...cells.map(line)].join('\n');
}

/** What shows that something went wrong, with the faults around it. */
export function evidenceOf({ evidence, verdict, plan }: RunResult): string {
  const shown = verdict.violations.slice(0, 20).map(({ kind, text, at }) => {
    const around = evidence.faults
      .filter(({ from, to }) => at > 0 && from <= at + 2 * evidence.leaseMs && to >= at - 2 * evidence.leaseMs)
      .slice(-8)
      .map(
        (fault) => `  fault ${fault.kind} of ${fault.holder ?? 'all'} from ${Math.round(fault.from)} to ${Math.round(fault.to)}`,
      );
    const slow = evidence.notes.flatMap((note) =>
      note.note === 'slow' && note.from <= at + 2 * evidence.leaseMs && note.at >= at - 2 * evidence.leaseMs
        ? [`  ${note.holder} waited for ${note.call} from ${Math.round(note.from)} to ${Math.round(note.at)}`]
        : [],
    );
    return [`${kind.toUpperCase()}: ${text}`, ...around, ...slow.slice(-20)].join('\n');
  });
  const more = verdict.violations.length - shown.length;
  return [
    `${plan.storage}, seed ${plan.seed}: ${verdict.violations.length} violations`,
    ...shown,
    ...(more > 0 ? [`… and ${more} more`] : []),
  ].join('\n');
}

/** What the engines and their hosts reported on their own account, each once, with how often. */
export function reportsOf({ evidence }: RunResult): readonly string[] {
  const counts = new Map<string, number>();
  for (const note of evidence.notes) {
    if (note.note !== 'error') continue;
    const message = note.message.replaceAll(/\d{3,}/g, 'N');
    counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([message, times]) => `${times} × ${message}`);
}
