import type { IncomingMessage, ServerResponse } from 'node:http';
import { HookwellError, type Engine } from '@hookwell/core';
import { answer } from './contract/answer.ts';
import { rateLimits } from './contract/rate-limits.ts';
import { routes } from './contract/routes.ts';
import { send } from './contract/send.ts';
import { resolveWebhooksOptions, type WebhooksOptionsInput } from './options.ts';
import { reporter } from './report.ts';
import { pathOf, type HostRequest } from './request.ts';
import type { SectionHandler } from './section.ts';
import { sections } from './sections.ts';
import { sendText } from './send-text.ts';

/** The part of an engine that the contract and the pages are served with. */
export type WebhooksEngine = Pick<Engine, 'catalog' | 'subscriptions' | 'deliveries' | 'explain' | 'replays' | 'events'>;

/**
 * What `app.use` takes. Its types are Node's, which Express 4 and 5 extend, so that it fits into an app of either
 * whichever types of Express are installed, or none.
 */
export type WebhooksHandler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Serves the wire contract of ONTRAPORT's webhook subscriptions: `Webhook`, `Webhooks` and `WebhookLogs` with what is
 * below them. Other paths go on to the host's next handler. It reads request bodies itself, or takes what a body parser of
 * the host has made of them; mounted before such parsers, what is wrong with a body is worded as the contract has it too.
 *
 * Errors that clients are not told of, answered with 500, are reported on `engine.events` as `error`.
 *
 * @throws {HookwellError} `invalid_option`, naming the option, its value and the rule
 * @example
 * app.use('/1', webhooks(engine, { authenticate: async ({ appId, apiKey }) => accounts.findByKeys(appId, apiKey) }))
 */
export function webhooks(engine: WebhooksEngine, options: WebhooksOptionsInput): WebhooksHandler {
  checkEngine(engine);
  const resolved = resolveWebhooksOptions(options);
  const report = reporter(engine.events);
  const limits = rateLimits(resolved);
  const context = { engine, authenticate: resolved.authenticate, limits, report };
  const beside = sections({ engine, options: resolved, limits, report });

  async function serve(route: NonNullable<ReturnType<typeof routes.get>>, request: IncomingMessage, response: ServerResponse) {
    try {
      send(response, await answer(route, request, context));
    } catch (error) {
      report(error);
    }
  }

  async function serveSection(handler: SectionHandler, request: HostRequest, response: ServerResponse): Promise<void> {
    try {
      await handler(request, response);
    } catch (error) {
      report(error);
      sendTrouble(response);
    }
  }

  return (request, response, next) => {
    const path = pathOf(request);
    const route = routes.get(path);
    if (route) return void serve(route, request, response);
    for (const section of beside) {
      const handler = section.find(path);
      if (handler) return void serveSection(handler, request, response);
    }
    next();
  };
}

/** What went wrong is told on `engine.events`, and is nothing for clients. */
function sendTrouble(response: ServerResponse): void {
  if (response.destroyed) return;
  if (response.headersSent) return void response.destroy();
  sendText(response, 500, 'Something went wrong here, not in your request. Try again later.');
}

const engineMembers = { subscriptions: 'create', deliveries: 'attempts', replays: 'list', events: 'emit' } as const;

function checkEngine(engine: WebhooksEngine): void {
  for (const [part, member] of Object.entries(engineMembers)) {
    const found: unknown = (engine as unknown as Record<string, Record<string, unknown> | undefined> | null | undefined)?.[part];
    if (typeof (found as Record<string, unknown> | undefined)?.[member] !== 'function') {
      throw new HookwellError(
        'invalid_option',
        `webhooks takes an engine and options, and its first parameter is none: its "${part}" is missing. Pass what createEngine returned.`,
        { value: engine },
      );
    }
  }
}
