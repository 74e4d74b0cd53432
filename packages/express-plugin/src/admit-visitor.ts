import { clientNetwork } from './contract/client-network.ts';
import { countBudget } from './contract/count-budget.ts';
import type { RateLimits } from './contract/rate-limits.ts';
import type { HostRequest } from './request.ts';
import { readVisitor, type AuthenticateVisitor, type KnownVisitor } from './visitor.ts';

/** What `admitVisitor` works with. */
export interface AdmitVisitorContext {
  readonly authenticate: AuthenticateVisitor;
  readonly limits: RateLimits;
}

/**
 * Finds out whose session a request belongs to; null when it is nobody's. Sessions that have not been seen to be somebody's are
 * counted by client address before the host is asked, as keys are, so that they cannot be guessed at speed. What was counted is
 * given back when it turns out to be somebody's, and sessions that were somebody's before do not need it.
 *
 * @param headers what the answer must carry is put in here
 * @throws {Refusal} 429
 * @throws what the host throws
 */
export async function admitVisitor(
  request: HostRequest,
  { authenticate, limits }: AdmitVisitorContext,
  headers: Record<string, string>,
): Promise<KnownVisitor | null> {
  const { cookie = '', authorization = '' } = request.headers;
  // Where the host goes by something else, nothing is remembered.
  const proof = cookie === '' && authorization === '' ? null : `session\0${cookie}\0${authorization}`;
  const client = clientNetwork(request.ip ?? request.socket.remoteAddress);
  const count = async (): Promise<void> => countBudget(await limits.takeVisitor(client), limits.sessions, headers);

  const known = proof !== null && limits.isKnown(proof);
  if (!known) await count();
  let visitor: KnownVisitor | null = null;
  try {
    visitor = await readVisitor(request, authenticate);
  } finally {
    if (known && !visitor) {
      limits.forget(proof);
      await count();
    }
  }
  if (visitor && !known) {
    if (proof !== null) limits.remember(proof);
    await limits.giveVisitorBack(client);
  }
  return visitor;
}
