import type { Report } from './receiver.ts';
import type { Workload } from './workload.ts';

/** What is the same for every contestant that sends a workload. */
export interface Sent {
  readonly bytes: number;
  readonly bodyChecksum: number;
}

/**
 * Checks what arrived in a run: each delivery exactly once, signed, and byte for byte as long and with the same bodies as
 * what another contestant sent for the same workload.
 *
 * @returns what must be the same for the next one
 * @throws when anything is not so
 */
export function verify(run: string, { records, fanOut }: Workload, report: Report, before: Sent | undefined): Sent {
  const expected = records * fanOut;
  const { received, repeated, unexpected, missing, deliveryIds, badSignatures, bytes, bodyChecksum } = report;
  const problems: string[] = [];
  if (missing > 0) problems.push(`${missing} of ${expected} deliveries never arrived`);
  if (repeated > 0) problems.push(`${repeated} deliveries arrived more than once`);
  if (unexpected > 0) problems.push(`${unexpected} requests were for nobody`);
  if (deliveryIds !== expected) problems.push(`there were ${deliveryIds} different webhook-ids instead of ${expected}`);
  if (badSignatures > 0) problems.push(`${badSignatures} signatures of those checked were wrong`);
  if (received !== expected) problems.push(`${received} requests arrived instead of ${expected}`);
  if (before && before.bodyChecksum !== bodyChecksum) problems.push('the bodies differ from those of the other contestants');
  if (before && before.bytes !== bytes) problems.push(`${bytes} bytes arrived, and from another contestant ${before.bytes}`);
  if (problems.length > 0) throw new Error(`${run}: ${problems.join('; ')}.`);
  return { bytes, bodyChecksum };
}
