/** A statement as pg takes it. */
export interface RateLimitQuery {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** A pool of pg, as far as it is used here. A host shares the one that it has. */
export interface RateLimitPool {
  query(query: RateLimitQuery): Promise<{ readonly rows: readonly unknown[] }>;
}
