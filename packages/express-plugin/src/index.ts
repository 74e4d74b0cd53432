export type { AuthenticateScrape, MetricsRegistry } from './metrics.ts';
export { WebhooksOptionsSchema } from './options.ts';
export type { Authenticate, Caller, Credentials, Permission, WebhooksOptions, WebhooksOptionsInput } from './options.ts';
export type { Budget, RateLimit, RateLimitStore } from './rate-limit-store.ts';
export { webhooks } from './webhooks.ts';
export type { WebhooksEngine, WebhooksHandler } from './webhooks.ts';
export type { AuthenticateVisitor, Visitor } from './visitor.ts';
