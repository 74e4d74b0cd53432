/** A figure that was to keep to a bound. */
export interface Bound {
  readonly what: string;
  readonly value: number;
  readonly atMost: number | null;
  readonly atLeast: number | null;
  readonly holds: boolean;
}

/** Says that a figure is to be at most so much; one that is no number does not hold. */
export function atMost(what: string, value: number, limit: number): Bound {
  return { what, value, atMost: limit, atLeast: null, holds: value <= limit };
}

/** Says that a figure is to be at least so much; one that is no number does not hold. */
export function atLeast(what: string, value: number, limit: number): Bound {
  return { what, value, atMost: null, atLeast: limit, holds: value >= limit };
}
