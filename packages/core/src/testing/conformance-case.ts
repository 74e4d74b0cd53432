import { fail } from 'node:assert/strict';

/** One promise of a port, as data: run it under any test runner. */
export interface ConformanceCase<Harness, Need extends string = string> {
  /** Begins with the name of the port's member that makes the promise. */
  readonly name: string;
  /** What it cannot do without, of what a harness may declare impossible. */
  readonly needs: readonly Need[];
  /** Resolves when the promise is kept, and rejects with a sentence that says what was broken. */
  readonly run: (harness: Harness) => Promise<void>;
}

/** What every harness says of itself. */
export interface Declaration<Need extends string> {
  /** What cannot be had with this adapter, each with the reason, in a sentence. */
  readonly unsupported: Readonly<Partial<Record<Need, string>>>;
}

/** Why a case cannot be run with a harness; null when it can. */
export function notApplicable<Need extends string>(
  needs: readonly Need[],
  { unsupported }: Declaration<NoInfer<Need>>,
): string | null {
  for (const need of needs) {
    const reason = unsupported[need];
    if (reason !== undefined) return reason.trim() === '' ? fail(`"${need}" is declared unsupported without a reason`) : reason;
  }
  return null;
}

/** The case, made to reject when it is run with a harness that declares it impossible: nothing passes in silence. */
export function refusingWhereInapplicable<Need extends string, Harness extends Declaration<Need>>({
  name,
  needs,
  run,
}: ConformanceCase<Harness, Need>): ConformanceCase<Harness, Need> {
  return {
    name,
    needs,
    async run(harness) {
      const reason = notApplicable(needs, harness);
      if (reason !== null) fail(`this case does not apply, and must be shown as skipped: ${reason}`);
      await run(harness);
    },
  };
}
