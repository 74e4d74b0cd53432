import type { IncomingMessage, ServerResponse } from 'node:http';
import { HookwellError } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import { send } from './contract/send.ts';
import { onlyGet } from './only-get.ts';
import type { HostRequest } from './request.ts';
import type { Section } from './section.ts';
import { sendText } from './send-text.ts';

/** What metrics are read from: a `Registry` of prom-client, or anything else that writes Prometheus' text. */
export interface MetricsRegistry {
  readonly contentType: string;
  readonly metrics: () => string | Promise<string>;
}

/** Answers whether a request may read the metrics. What it throws is answered with 500. */
export type AuthenticateScrape = {
  // A method's parameters may be narrower: the host may say that `request` is the Request of its Express.
  authenticate(request: IncomingMessage): boolean | Promise<boolean>;
}['authenticate'];

/** The option that switches the section on. */
export const metricsOptions = {
  metrics: Type.Optional(
    Type.Object(
      {
        registry: Type.Unsafe<MetricsRegistry>({
          type: 'object',
          description: 'What the metrics are read from: a `Registry` of prom-client, such as `prometheus().registry`.',
        }),
        authenticate: Type.Optional(
          Type.Unsafe<AuthenticateScrape>({
            description: 'Answers whether a request may read them; everybody who can reach the path may when left out.',
          }),
        ),
      },
      { additionalProperties: false, description: 'Serves `metrics`, for Prometheus to read.' },
    ),
  ),
};

/** What the section is made with. */
export type MetricsOptions = Readonly<Static<typeof metricsOptions.metrics>>;

/** @throws {HookwellError} `invalid_option`, naming the option and the rule */
export function checkMetrics({ registry, authenticate }: MetricsOptions): void {
  const refuse = (problem: string, value: unknown): never => {
    throw new HookwellError('invalid_option', `webhooks: ${problem}.`, { value });
  };
  if (typeof registry.metrics !== 'function' || typeof registry.contentType !== 'string') {
    refuse('option "metrics.registry" is no registry: it needs a "contentType" and a function "metrics"', registry);
  }
  if (authenticate !== undefined && typeof authenticate !== 'function') {
    refuse('option "metrics.authenticate" is not a function', authenticate);
  }
}

/** Serves `metrics`: what a registry has, for Prometheus to read. */
export function metrics({ registry, authenticate }: MetricsOptions): Section {
  async function serve(request: HostRequest, response: ServerResponse): Promise<void> {
    const allowed: unknown = authenticate ? await authenticate(request) : true;
    if (allowed !== true) {
      return sendText(response, 401, 'These metrics are not for everybody.', { 'WWW-Authenticate': 'Bearer realm="metrics"' });
    }
    send(response, { status: 200, contentType: registry.contentType, headers: {}, body: await registry.metrics() });
  }

  const handler = onlyGet(serve);
  return { find: (path) => (path === '/metrics' ? handler : undefined) };
}
