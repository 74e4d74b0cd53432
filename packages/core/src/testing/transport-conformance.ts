import { refusingWhereInapplicable, type ConformanceCase } from './conformance-case.ts';
import { transportAnswerCases } from './transport-answer-cases.ts';
import { transportLifeCases } from './transport-life-cases.ts';
import { transportTroubleCases } from './transport-trouble-cases.ts';
import type { SpecialBehaviour, TransportHarness } from './transport-harness.ts';

/** A case, and the special behaviours that it cannot do without. */
export type TransportConformanceCase = ConformanceCase<TransportHarness, SpecialBehaviour>;

/**
 * The promises of `TransportAdapter`, each as a case that any test runner can run. A case that a harness declares
 * impossible rejects when it is run all the same: ask `notApplicable` first, and show the reason.
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
].map((promise) => refusingWhereInapplicable(promise));
