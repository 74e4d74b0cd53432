import type { ServerResponse } from 'node:http';
import { readBody } from '../contract/read-body.ts';
import { Refusal } from '../contract/refusal.ts';
import { Problem, problemJson, statusOf } from '../manage/problem.ts';
import type { HostRequest } from '../request.ts';
import { isSameOrigin } from '../same-origin.ts';
import type { SectionHandler } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { readVisitor, type AuthenticateVisitor } from '../visitor.ts';
import type { Arrival, Bin } from './bin.ts';
import { readBinAnswer } from './bin-answer.ts';
import { arrivalJson, binJson, wholeArrivalJson } from './bin-json.ts';
import type { BinStore } from './bin-store.ts';
import { binStreams } from './bin-stream.ts';
import type { BinBounds } from './bins-options.ts';

/** Something that can be done with what a path names. */
type Action = (request: HostRequest, response: ServerResponse) => void | Promise<void>;
type Actions = Readonly<Record<string, Action>>;

/** Makes the JSON API below `bins/api`: what the page of bins works with. Bins of others are as good as none. */
export function binsApi(
  store: BinStore,
  bounds: BinBounds,
  { options, report }: SectionContext,
): (path: readonly string[]) => SectionHandler {
  const stream = binStreams();
  const { authenticate } = options.console as { readonly authenticate: AuthenticateVisitor };

  return (path) => async (request, response) => {
    try {
      const visitor = await readVisitor(request, authenticate);
      if (!visitor) throw new Problem('not_authenticated', 'This session is nobody’s. Sign in.');
      const actions = actionsOf(path, visitor.accountId);
      const { method = '' } = request;
      const action = actions[method === 'HEAD' ? 'GET' : method];
      if (!action) {
        const allowed = Object.keys(actions).join(', ');
        throw new Problem('method_not_allowed', `${method} does nothing here. Use ${allowed}.`, { headers: { Allow: allowed } });
      }
      if (method !== 'GET' && method !== 'HEAD' && !isSameOrigin(request)) {
        throw new Problem('cross_site', 'Changes are taken from pages of this host only.');
      }
      await action(request, response);
    } catch (error) {
      sendProblem(response, problemOf(error));
    }
  };

  function problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof Refusal && error.status < 500) return new Problem('invalid_body', error.message);
    report(error);
    return new Problem('internal_error', 'Something went wrong here, not in your request. Try again later.');
  }

  function actionsOf(path: readonly string[], accountId: string): Actions {
    const [id, part, number, last] = path;
    if (id === undefined) return allBins(accountId);
    const bin = store.find(id);
    if (bin?.accountId !== accountId) throw new Problem('not_found', 'This account has no such bin.');
    if (part === undefined) return oneBin(bin);
    if (part === 'answer' && path.length === 2) return { PUT: chooseAnswer(bin) };
    if (part === 'events' && path.length === 2) return { GET: (request, response) => stream(bin, request, response) };
    if (part === 'requests' && path.length === 2) {
      return {
        DELETE: (_, response) => {
          store.clear(bin);
          sendJson(response, 204);
        },
      };
    }
    const arrival = bin.arrivals.find((each) => String(each.number) === number);
    if (part === 'requests' && arrival && path.length === 3) {
      return { GET: (_, response) => sendJson(response, 200, wholeArrivalJson(arrival)) };
    }
    if (part === 'requests' && arrival && last === 'body' && path.length === 4) {
      return { GET: (_, response) => sendBytes(response, arrival) };
    }
    throw new Problem('not_found', 'There is nothing here: the request was cleared, or was one of the oldest.');
  }

  function allBins(accountId: string): Actions {
    return {
      GET: (_, response) => sendJson(response, 200, { bins: store.of(accountId).map(binJson) }),
      POST: (_, response) => {
        const bin = store.make(accountId);
        if (!bin) throw new Problem('unavailable', `This host holds ${bounds.inAll} bins, and no more. Try again later.`);
        sendJson(response, 201, binJson(bin));
      },
    };
  }

  function oneBin(bin: Bin): Actions {
    return {
      GET: (_, response) => sendJson(response, 200, { bin: binJson(bin), requests: bin.arrivals.map(arrivalJson) }),
      DELETE: (_, response) => {
        store.remove(bin);
        sendJson(response, 204);
      },
    };
  }

  function chooseAnswer(bin: Bin): Action {
    return async (request, response) => {
      store.choose(bin, readBinAnswer(await readBody(request)));
      sendJson(response, 200, binJson(bin));
    };
  }
}

const privately = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

function sendJson(response: ServerResponse, status: number, value?: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const body = value === undefined ? undefined : JSON.stringify(value);
  response.writeHead(status, {
    ...privately,
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json;charset=UTF-8', 'Content-Length': Buffer.byteLength(body) }),
  });
  response.end(body);
}

/** Hands the bytes out as a file that no browser opens. */
function sendBytes(response: ServerResponse, { number, body }: Arrival): void {
  if (body.bytes === null) throw new Problem('not_found', 'The bytes of this body are not known.');
  response.writeHead(200, {
    ...privately,
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.bytes.length,
    'Content-Disposition': `attachment; filename="request-${number}.bin"`,
    'Content-Security-Policy': `sandbox; default-src 'none'`,
  });
  response.end(body.bytes);
}

function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(problemJson(problem));
  response.writeHead(statusOf(problem.code), {
    ...problem.headers,
    ...privately,
    'Content-Type': 'application/problem+json;charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
