import { Table } from 'console-table-printer';

/** What a run came to; the names are those that `--json` prints. */
export interface Summary {
  /** Contacts imported. */
  readonly contacts: number;
  readonly subscriptions: number;
  /** Events that the CRM emitted. */
  readonly emitted: number;
  /** Deliveries that they made: one for each subscription that an event matched. */
  readonly matched: number;
  /** Deliveries that the receiver acknowledged. */
  readonly delivered: number;
  /** Attempts that failed and were made again. */
  readonly retried: number;
  /** Deliveries given up. */
  readonly failed: number;
  /** From the first event to the last acknowledgement. */
  readonly deliveriesPerSecond: number;
  /** From emit to receipt. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** The processes that delivered, and how much each; empty when it was this one alone. */
  readonly processes: readonly { readonly name: string; readonly delivered: number }[];
  /** How often a process ended in the middle and was started again. */
  readonly restarted: number;
  /** Payloads that the receiver took more than once, as it may when a process is killed. */
  readonly repeated: number;
  /** Whether every payload arrived exactly once with exactly the right fields. */
  readonly exact: boolean;
  /** What is wrong, if anything. */
  readonly problems: readonly string[];
}

/** The summary as a table for people. */
export function summaryTable(summary: Summary): string {
  const table = new Table({
    shouldDisableColors: true,
    columns: [
      { name: 'what', title: ' ', alignment: 'left' },
      { name: 'figure', title: 'this run', alignment: 'right' },
    ],
  });
  const rows: readonly (readonly [what: string, figure: number])[] = [
    ['contacts imported', summary.contacts],
    ['subscriptions', summary.subscriptions],
    ['emitted', summary.emitted],
    ['matched', summary.matched],
    ['delivered', summary.delivered],
    ['retried', summary.retried],
    ['failed', summary.failed],
    ['deliveries/s', summary.deliveriesPerSecond],
    ['emit to receipt p50, ms', summary.latencyMs.p50],
    ['emit to receipt p99, ms', summary.latencyMs.p99],
    ...summary.processes.map(({ name, delivered }) => [`delivered by process ${name}`, delivered] as const),
    ...(summary.restarted > 0
      ? ([
          ['restarted', summary.restarted],
          ['repeated', summary.repeated],
        ] as const)
      : []),
  ];
  for (const [what, figure] of rows) table.addRow({ what, figure: figure.toLocaleString('en-US') });
  return table.render();
}

/** The value below which that share of the values lies (nearest rank); 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
