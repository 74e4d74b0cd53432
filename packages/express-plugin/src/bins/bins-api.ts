import { admitVisitor } from '../admit-visitor.ts';
import { countBudget } from '../contract/count-budget.ts';
import { matcher } from '../match-route.ts';
import { methodNotAllowed, Problem } from '../manage/problem.ts';
import { sendProblem } from '../manage/send-problem.ts';
import { pathOf } from '../request.ts';
import { isSameOrigin } from '../same-origin.ts';
import type { SectionHandler } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import type { AuthenticateVisitor } from '../visitor.ts';
import { binRoutes, type BinCall } from './bin-routes.ts';
import type { BinStore } from './bin-store.ts';
import type { BinBounds } from './bins-options.ts';

/** Makes the JSON API below `bins/api`: what the page of bins works with. Bins of others are as good as none. */
export function binsApi(store: BinStore, bounds: BinBounds, { options, limits, report }: SectionContext): SectionHandler {
  const match = matcher(binRoutes(store, bounds), ({ streams }) => streams !== true);
  const { authenticate } = options.console as { readonly authenticate: AuthenticateVisitor };

  return async (request, response) => {
    const headers: Record<string, string> = {};
    try {
      const visitor = await admitVisitor(request, { authenticate, limits }, headers);
      if (!visitor) throw new Problem('not_authenticated', 'This session is nobody’s. Sign in.');
      countBudget(await limits.takeSession(visitor.accountId), limits.sessions, headers);
      const found = match(pathOf(request));
      if (!found) throw nothingHere();
      const { method = '' } = request;
      const route = found.methods.get(method);
      if (!route) throw methodNotAllowed(method, found.methods.keys());
      if (method !== 'GET' && method !== 'HEAD' && !isSameOrigin(request)) {
        throw new Problem('cross_site', 'Changes are taken from pages of this host only.');
      }
      await route.run(callOf(visitor.accountId, found.parameters), request, response);
    } catch (error) {
      sendProblem(response, error, report, headers);
    }
  };

  function callOf(accountId: string, { bin: id = '', number }: Readonly<Record<string, string>>): BinCall {
    const bin: BinCall['bin'] = () => {
      const found = store.find(id);
      if (found?.accountId !== accountId) throw new Problem('not_found', 'This account has no such bin.');
      return found;
    };
    return {
      accountId,
      bin,
      arrival() {
        const arrival = bin().arrivals.find((each) => String(each.number) === number);
        if (!arrival) throw nothingHere();
        return arrival;
      },
    };
  }
}

function nothingHere(): Problem {
  return new Problem('not_found', 'There is nothing here: the request was cleared, or was one of the oldest.');
}
