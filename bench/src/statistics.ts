/** What several rounds came to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of some values, to so many digits behind the point. */
export function spread(values: readonly number[], digits: number): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const rounded = (value: number | undefined): number => Number((value ?? 0).toFixed(digits));
  return { median: rounded(median(sorted)), min: rounded(sorted[0]), max: rounded(sorted.at(-1)) };
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The value below which that share of the values lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
