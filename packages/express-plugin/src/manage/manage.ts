import type { ServerResponse } from 'node:http';
import type { TObject } from 'typebox';
import Value from 'typebox/value';
import { shown } from '../contract/refusal.ts';
import { send } from '../contract/send.ts';
import { matcher } from '../match-route.ts';
import { pathOf, type HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { identify } from './identify.ts';
import { LiveHub } from './live-hub.ts';
import { methodNotAllowed, Problem } from './problem.ts';
import { readBody, readQuery } from './read-call.ts';
import type { ManageRoute } from './route.ts';
import { manageRoutes } from './routes.ts';
import { sendProblem } from './send-problem.ts';

// A stream has nothing to say to who wants its head only.
const match = matcher(manageRoutes, ({ answer }) => answer.contentType === 'application/json');

/** Serves `manage/…`: a JSON API over an account's subscriptions, deliveries and log. */
export function manage({ engine, options, limits, report }: SectionContext): Section {
  const live = new LiveHub(engine, report);

  return { find: (path) => (path === '/manage' || path.startsWith('/manage/') ? serve : undefined) };

  async function serve(request: HostRequest, response: ServerResponse): Promise<void> {
    const headers: Record<string, string> = {};
    try {
      const found = findRoute(request);
      const holds = found.route?.answer.contentType === 'text/event-stream';
      const { accountId, permissions } = await identify(request, { options, limits }, headers, holds);
      if (!found.route) throw found.problem;
      const { route } = found;
      if (!permissions.has(route.permission)) {
        throw new Problem('not_permitted', `This user may not ${route.permission}, which ${route.method} ${route.path} takes.`);
      }
      const call = {
        engine,
        options,
        report,
        live,
        headers,
        accountId,
        path: readPath(found.parameters, route.parameters),
        query: readQuery(request, route.query),
        body: await readBody(request, route.body),
      };
      const json = await route.run(call as never, request, response);
      if (json === undefined) return;
      const { status } = route.answer;
      send(response, { status, contentType: 'application/json', headers, body: JSON.stringify(json) });
    } catch (error) {
      sendProblem(response, error, report, headers);
    }
  }
}

type Found =
  | { readonly route: ManageRoute; readonly parameters: Readonly<Record<string, string>> }
  | { readonly route: null; readonly problem: Problem };

/** What a request is for. Who asks is told of nothing before it is known who they are. */
function findRoute(request: HostRequest): Found {
  const path = pathOf(request);
  const { method = '' } = request;
  const matched = match(path);
  if (!matched) return { route: null, problem: new Problem('not_found', `There is nothing at ${shown(path)}.`) };
  const route = matched.methods.get(method);
  if (route) return { route, parameters: matched.parameters };
  return { route: null, problem: methodNotAllowed(method, matched.methods.keys()) };
}

/** What stands in a path can be wrong in one way only: there is nothing of that name. */
function readPath(given: Readonly<Record<string, string>>, schema: TObject | null): Record<string, unknown> | null {
  if (schema === null) return null;
  const values: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties as Record<string, { readonly type?: string }>)) {
    const text = given[name] ?? '';
    const value = member.type === 'integer' && /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : text;
    if (!Value.Check(member, value) || text.includes('\0')) {
      throw new Problem('not_found', `There is nothing of the ${name} ${shown(text)} in this account.`);
    }
    values[name] = value;
  }
  return values;
}
