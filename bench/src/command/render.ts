import { Table } from 'console-table-printer';
import type { Spread } from '../statistics.ts';
import type { Bound } from './bounds.ts';

/** A table of texts on the left and figures on the right; rows are given by column. */
export function renderTable(
  texts: readonly string[],
  figures: readonly string[],
  rows: readonly Readonly<Record<string, string | number>>[],
): string {
  const table = new Table({
    shouldDisableColors: true,
    columns: [
      ...texts.map((name) => ({ name, alignment: 'left' as const })),
      ...figures.map((name) => ({ name, alignment: 'right' as const })),
    ],
  });
  for (const row of rows) table.addRow(row);
  return table.render();
}

/** Which figures keep to their bounds. */
export function boundsTable(bounds: readonly Bound[]): string {
  const rows = bounds.map(({ what, value, atMost, atLeast, holds }) => ({
    bound: what,
    figure: shown(value),
    limit: atMost === null ? `≥ ${shown(atLeast ?? 0)}` : `≤ ${shown(atMost)}`,
    holds: holds ? 'yes' : 'NO',
  }));
  return renderTable(['bound'], ['figure', 'limit', 'holds'], rows);
}

/** A median with the smallest and the largest in brackets. */
export function inFull({ median, min, max }: Spread): string {
  return `${shown(median)} (${shown(min)}–${shown(max)})`;
}

export function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}
