/** One promise of a port, as data: run it under any test runner. */
export interface ConformanceCase<Harness> {
  /** Begins with the name of the port's member that makes the promise. */
  readonly name: string;
  /** Resolves when the promise is kept, and rejects with a sentence that says what was broken. */
  readonly run: (harness: Harness) => Promise<void>;
}
