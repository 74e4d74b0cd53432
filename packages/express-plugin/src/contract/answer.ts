import { admit, type AdmitContext } from './admit.ts';
import { envelope } from './envelope.ts';
import { failureOf } from './failure.ts';
import { readParameters } from './read-parameters.ts';
import { Refusal } from './refusal.ts';
import type { HostRequest } from '../request.ts';
import type { Call, Route } from './route.ts';
import type { Answer } from './send.ts';

/** What `answer` works with. */
export interface AnswerContext extends AdmitContext {
  readonly engine: Call['engine'];
  /** Tells somebody other than the client of an error. */
  readonly report: (error: unknown) => void;
}

/** Takes a request through the stages of the contract: admit, read the parameters, run the endpoint. Never rejects. */
export async function answer(route: Route, request: HostRequest, context: AnswerContext): Promise<Answer> {
  const headers: Record<string, string> = {};
  try {
    const account = await admit(request, context, headers);
    const { method = '' } = request;
    if (!route.methods.includes(method)) {
      throw new Refusal(405, `${method} does nothing here. Use ${route.methods.join(' or ')}.`, {
        Allow: route.methods.join(', '),
      });
    }
    if (!account.permissions.has(route.permission)) throw new Refusal(403, `This user may not ${route.permission}.`);
    const parameters = await readParameters(request);
    const reply = await route.run({ engine: context.engine, account, parameters });
    return { status: 200, contentType: 'application/json;charset=UTF-8', headers, body: envelope(reply, account) };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.ours) context.report(error);
    return {
      status: failure.status,
      // Clients know an error by this type: one of them takes JSON for a success.
      contentType: 'text/html;charset=UTF-8',
      headers: { ...headers, ...failure.headers },
      body: failure.text,
    };
  }
}
