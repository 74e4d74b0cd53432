import { fail } from 'node:assert/strict';
import type { ConformanceCase } from './conformance-case.ts';
import { transportAnswerCases } from './transport-answer-cases.ts';
import { transportLifeCases } from './transport-life-cases.ts';
import { transportTroubleCases } from './transport-trouble-cases.ts';
import type { SpecialBehaviour, TransportHarness } from './transport-harness.ts';

/** A case, and the special behaviours that it cannot do without. */
export interface TransportConformanceCase extends ConformanceCase<TransportHarness> {
  readonly needs: readonly SpecialBehaviour[];
}

/**
 * The promises of `TransportAdapter`, each as a case that any test runner can run. A case that a harness declares
 * impossible rejects when it is run all the same: ask {@link notApplicable} first, and show the reason.
 *
 * @example
 * for (const { name, run, needs } of transportConformance) {
 *   const reason = notApplicable(needs, harness)
 *   if (reason === null) test(name, () => run(harness))
 *   else test(`${name} (${reason})`, { skip: true })
 * }
 */
export const transportConformance: readonly TransportConformanceCase[] = [
  ...transportLifeCases,
  ...transportAnswerCases,
  ...transportTroubleCases,
].map(({ name, needs, run }) => ({
  name,
  needs,
  async run(harness) {
    const reason = notApplicable(needs, harness);
    if (reason !== null) fail(`this case does not apply, and must be shown as skipped: ${reason}`);
    await run(harness);
  },
}));

/** Why a case cannot be run with a harness; null when it can. */
export function notApplicable(
  needs: readonly SpecialBehaviour[],
  { unsupported }: Pick<TransportHarness, 'unsupported'>,
): string | null {
  for (const behaviour of needs) {
    const reason = unsupported[behaviour];
    if (reason !== undefined)
      return reason.trim() === '' ? fail(`"${behaviour}" is declared unsupported without a reason`) : reason;
  }
  return null;
}
