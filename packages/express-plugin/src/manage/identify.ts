import { admitVisitor } from '../admit-visitor.ts';
import { admit } from '../contract/admit.ts';
import { countBudget } from '../contract/count-budget.ts';
import { permissions, type Permission } from '../options.ts';
import type { HostRequest } from '../request.ts';
import { isSameOrigin } from '../same-origin.ts';
import type { SectionContext } from '../sections.ts';
import { Problem } from './problem.ts';

/** Whose request it is, and what they may do. */
export interface Identity {
  readonly accountId: string;
  readonly permissions: ReadonlySet<Permission>;
}

const all: ReadonlySet<Permission> = new Set(permissions);

/**
 * Finds out whose request it is: by its key pair as the contract has it, or else by the session, either counted. What changes
 * something on the word of a session must come from a page of this origin, and so must what holds a connection.
 *
 * @param headers what the answer must carry is put in here
 * @throws {Problem} `not_authenticated`, `cross_site`
 * @throws {Refusal} 401, 429
 */
export async function identify(
  request: HostRequest,
  { options, limits }: Pick<SectionContext, 'options' | 'limits'>,
  headers: Record<string, string>,
  holds: boolean,
): Promise<Identity> {
  const { 'api-key': key, 'api-appid': appId } = request.headers;
  if (!options.console || key !== undefined || appId !== undefined) {
    return admit(request, { authenticate: options.authenticate, limits }, headers);
  }
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if ((!reads || holds) && !isSameOrigin(request)) {
    throw new Problem(
      'cross_site',
      'A session is taken from pages of this site only. Send Api-Key and Api-Appid from elsewhere.',
    );
  }
  const visitor = await admitVisitor(request, { authenticate: options.console.authenticate, limits }, headers);
  if (!visitor) throw new Problem('not_authenticated', 'Nobody is signed in here. Sign in, or send Api-Key and Api-Appid.');
  countBudget(await limits.takeSession(visitor.accountId), limits.sessions, headers);
  return { accountId: visitor.accountId, permissions: all };
}
