import type { IncomingMessage } from 'node:http';
import { HookwellError, resolveOptions, type AccountId } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import { binsOptions, checkBinsOptions } from './bins/bins-options.ts';
import { feedOptions } from './feed/feed-options.ts';
import { filterKeeperMembers, headerKeeperMembers, manageOptions, secretKeeperMembers } from './manage/options.ts';
import { checkMetrics, metricsOptions } from './metrics.ts';
import { rateLimitStoreMembers, type RateLimitStore } from './rate-limit-store.ts';
import type { ExamplesOf } from './pages/documentation-examples.ts';
import type { AuthenticateVisitor } from './visitor.ts';

/** The key pair of a request, from its headers `Api-Appid` and `Api-Key`; neither is empty. */
export interface Credentials {
  readonly appId: string;
  readonly apiKey: string;
}

/** What a user may do: see webhooks and their log, subscribe, unsubscribe. */
export type Permission = (typeof permissions)[number];

/** Every permission. */
export const permissions = ['read', 'subscribe', 'unsubscribe'] as const;

/** Whose a key pair is. */
export interface Caller {
  /** The host's own id of the account; answers carry it as `account_id`, as an integer when it is a whole number. */
  readonly accountId: AccountId;
  /** The id of the user, which the answer to subscribe carries as `owner`; `1` when left out. */
  readonly owner?: string | number | undefined;
  /** What the user may do; everything when left out. */
  readonly permissions?: readonly Permission[] | undefined;
}

/**
 * Answers whose key pair it is, or null when it is nobody's. Compare in constant time, and store keys as digests. What it
 * throws is answered with 500, not with 401, so that an outage does not look like a wrong key.
 */
export type Authenticate = {
  // A method's parameters may be narrower: the host may say that `request` is the Request of its Express.
  authenticate(credentials: Credentials, request: IncomingMessage): MaybeCaller | Promise<MaybeCaller>;
}['authenticate'];

type MaybeCaller = Caller | null | undefined;

/** The options of `webhooks`: type, default and manual in one. Times are in milliseconds. */
export const WebhooksOptionsSchema = Type.Object(
  {
    authenticate: Type.Unsafe<Authenticate>({
      description:
        'Answers `{accountId, owner, permissions}` of a key pair, or null when it is nobody’s. Required: without it anybody could subscribe.',
    }),
    rateLimit: Type.Object(
      {
        enabled: Type.Boolean({
          default: true,
          description: '`false` counts nothing, sends no `X-Rate-Limit-*` headers, and lets keys be guessed at full speed.',
        }),
        limit: Type.Integer({
          default: 180,
          minimum: 1,
          maximum: 100_000,
          description:
            'Requests that an account may make in any window, and failed ones that a client address may make without being anybody.',
        }),
        sessionLimit: Type.Integer({
          default: 1_000,
          minimum: 1,
          maximum: 100_000,
          description:
            'Requests that the sessions of an account may make in any window, of pages and the management API together: each open page asks now and then. A client address may show as many sessions that are nobody’s.',
        }),
        windowMs: Type.Integer({
          default: 60_000,
          minimum: 1_000,
          maximum: 3_600_000,
          description: 'How long a window is. It rolls: it ends with each request.',
        }),
        store: Type.Optional(
          Type.Unsafe<RateLimitStore>({
            type: 'object',
            description:
              'Where requests are counted, so that processes share one limit, such as `postgresRateLimits({ pool })`; each counts its own without.',
          }),
        ),
      },
      { additionalProperties: false, default: {}, description: 'How many requests are taken.' },
    ),
    console: Type.Optional(
      Type.Object(
        {
          authenticate: Type.Unsafe<AuthenticateVisitor>({
            description:
              'Answers `{accountId, name}` of the session that a request belongs to, or null when it is nobody’s: your own login decides who sees what.',
          }),
          signIn: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 2_000,
              description: 'Where people sign in, e.g. `/login`: pages link there when a session is nobody’s.',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: 'Serves `console`: subscriptions, their health and the delivery log, for the accounts of your sessions.',
        },
      ),
    ),
    documentation: Type.Optional(
      Type.Object(
        {
          title: Type.String({
            default: 'Webhooks',
            minLength: 1,
            maxLength: 200,
            description: 'What the page and the document are called.',
          }),
          description: Type.String({
            default: '',
            maxLength: 10_000,
            description:
              'What they say first, e.g. where your customers find their keys: plain text, an empty line between paragraphs.',
          }),
          examples: Type.Optional(
            Type.Unsafe<ExamplesOf>({
              description:
                'Answers the tags, forms and so on of an account, `{events: {sub_tag: [{number, name}]}}`, for the page to offer when that account is there.',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: 'Serves `docs`, a page on which people try every endpoint, and `openapi.json`. Neither needs a login.',
        },
      ),
    ),
    ...manageOptions,
    ...metricsOptions,
    bins: binsOptions,
    feed: feedOptions,
    monotonicNow: Type.Unsafe<() => number>({
      default: () => performance.now(),
      description: 'A clock that never jumps, in milliseconds, for the rate limit and the age of what bins keep.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `webhooks` with their defaults filled in. */
export type WebhooksOptions = Readonly<Static<typeof WebhooksOptionsSchema>>;

/** The options of `webhooks` as a host writes them. */
export type WebhooksOptionsInput = Pick<WebhooksOptions, 'authenticate'> &
  Partial<Omit<WebhooksOptions, 'authenticate' | 'rateLimit' | 'documentation' | 'bins' | 'feed'>> & {
    readonly rateLimit?: Partial<WebhooksOptions['rateLimit']>;
    readonly documentation?: Partial<NonNullable<WebhooksOptions['documentation']>>;
    readonly bins?: Partial<NonNullable<WebhooksOptions['bins']>>;
    readonly feed?: Partial<NonNullable<WebhooksOptions['feed']>>;
  };

/** The options filled in and checked. @throws {HookwellError} `invalid_option`, naming the option, its value and the rule */
export function resolveWebhooksOptions(given: WebhooksOptionsInput): WebhooksOptions {
  const options = resolveOptions(WebhooksOptionsSchema, given, 'webhooks');
  for (const name of ['authenticate', 'now', 'monotonicNow'] as const) {
    if (typeof options[name] !== 'function') throw invalid(`option "${name}" is not a function`, options[name]);
  }
  if (options.console && typeof options.console.authenticate !== 'function') {
    throw invalid('option "console.authenticate" is not a function', options.console.authenticate);
  }
  checkBinsOptions(options);
  const { examples } = options.documentation ?? {};
  if (examples !== undefined && typeof examples !== 'function') {
    throw invalid('option "documentation.examples" is not a function', examples);
  }
  if (options.metrics) checkMetrics(options.metrics);
  if (options.console && options.manage === false) {
    throw invalid('option "manage" is false, and "console" shows what the management API answers; leave one of them out', false);
  }
  const { store } = options.rateLimit;
  const missing = store && rateLimitStoreMembers.find((member) => typeof store[member] !== 'function');
  if (missing) throw invalid(`option "rateLimit.store" is no RateLimitStore: its "${missing}" is not a function`, store);
  const { secrets, headers, filters } = options;
  const lacking = secrets && secretKeeperMembers.find((member) => typeof secrets[member] !== 'function');
  if (lacking) throw invalid(`option "secrets" keeps no secrets: its "${lacking}" is not a function`, secrets);
  const absent = headers && headerKeeperMembers.find((member) => typeof headers[member] !== 'function');
  if (absent) throw invalid(`option "headers" keeps no headers: its "${absent}" is not a function`, headers);
  const unable = filters && filterKeeperMembers.find((member) => typeof filters[member] !== 'function');
  if (unable) throw invalid(`option "filters" knows no filters: its "${unable}" is not a function`, filters);
  return options;
}

function invalid(problem: string, value: unknown): HookwellError {
  return new HookwellError('invalid_option', `webhooks: ${problem}.`, { value });
}
