import type { BehaviourCost, ListedBehaviour } from './receive.ts';
import type { TrialResult } from './send.ts';

/** What an endpoint made of the deliveries, for people. */
export function trialsTable(results: readonly TrialResult[]): string {
  const lines = results.map(({ name, what, expect, got, answer, isRight }) => [
    isRight ? 'ok' : 'WRONG',
    name,
    what,
    isRight ? answer : `${answer}: ${got}, and should be ${expect}`,
  ]);
  const wrong = results.filter(({ isRight }) => !isRight).length;
  return `${columns(lines)}\n\n${results.length} deliveries, ${results.length - wrong} answered as they deserve, ${wrong} not.\n`;
}

/** Where every behaviour is found, for people. */
export function behavioursTable(behaviours: readonly ListedBehaviour[]): string {
  return `${columns(behaviours.map(({ url, does, expect }) => [url, expect.join(' or '), does]))}\n`;
}

/** What the behaviours have cost, for people. */
export function costsTable(costs: readonly BehaviourCost[]): string {
  if (costs.length === 0) return 'Nothing was asked for.\n';
  const head = ['behaviour', 'exchanges', 'longest', 'still open', 'most taken'];
  const lines = costs.map(({ name, exchanges, longestMs, open, mostBytes }) => [
    name,
    String(exchanges),
    `${(longestMs / 1_000).toFixed(1)} s`,
    String(open),
    `${Math.ceil(mostBytes / 1_024)} KiB`,
  ]);
  return `${columns([head, ...lines])}\n`;
}

function columns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) for (const [index, text] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, text.length);
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
