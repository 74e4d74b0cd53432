import { FunctionTransportOptionsSchema } from '@hookwell/adapters/function';
import { HttpTransportOptionsSchema, OAuth2ClientSchema } from '@hookwell/adapters/http';
import {
  PostgresMigrationsOptionsSchema,
  PostgresRowLevelSecurityOptionsSchema,
  PostgresStorageOptionsSchema,
} from '@hookwell/adapters/postgres';
import { SqliteStorageOptionsSchema } from '@hookwell/adapters/sqlite';
import {
  ApiKeysOptionsSchema,
  CausalityOptionsSchema,
  ContactPlansOptionsSchema,
  EngineOptionsSchema,
  FiltersOptionsSchema,
  LegacySignatureOptionsSchema,
  ManagedHeadersOptionsSchema,
  ManagedSecretsOptionsSchema,
  OperationalWebhooksOptionsSchema,
  StandardWebhooksOptionsSchema,
} from '@hookwell/core';
import { OpenTelemetryOptionsSchema } from '@hookwell/core/opentelemetry';
import { PrometheusOptionsSchema } from '@hookwell/core/prometheus';
import { WebhooksOptionsSchema } from '@hookwell/express-plugin';
import {
  PostgresRateLimitsOptionsSchema,
  PostgresRateLimitsSqlOptionsSchema,
} from '@hookwell/express-plugin/postgres-rate-limits';
import type { OptionOwner } from './option-owner.ts';

/** Every function with options, in the order of the page. */
export const optionOwners: readonly OptionOwner[] = [
  {
    name: 'createEngine',
    from: '@hookwell/core',
    schema: EngineOptionsSchema,
    about: 'The engine. `storage`, `transports` and `catalog` must be given; all else has a default that suits most.',
    types: {
      storage: 'a storage adapter, such as `sqliteStorage()`',
      transports: 'a list of transport adapters, such as `[httpTransport()]`; at least one',
      catalog: 'a catalog: `ontraportCatalog`, or one made with `defineCatalog()`',
      plugins: 'a list of plugins, each with a name of its own',
      now: 'a function without parameters that answers a number',
      monotonicNow: 'a function without parameters that answers a number',
      random: 'a function without parameters that answers a number',
      loadRecords: 'a function of an object type, ids and `{ accountId }` that answers records, or a promise of them',
      newId: 'a function without parameters that answers a text',
      'retention.accounts': 'a list of objects, or a function without parameters that answers one, or a promise of one',
    },
    defaults: {
      now: '`Date.now`',
      monotonicNow: '`performance.now`',
      random: '`Math.random`',
      newId: 'UUIDv7 by the clock `now`',
    },
  },
  {
    name: 'sqliteStorage',
    from: '@hookwell/adapters/sqlite',
    schema: SqliteStorageOptionsSchema,
    about: 'Exactly one of `filename` and `database` must be given.',
    types: { database: 'a `Database` of better-sqlite3' },
  },
  {
    name: 'postgresStorage',
    from: '@hookwell/adapters/postgres',
    schema: PostgresStorageOptionsSchema,
    about: '`pool` must be given.',
    types: { pool: 'a `Pool` of pg', 'rowLevelSecurity.pool': 'a `Pool` of pg' },
  },
  {
    name: 'postgresMigrations',
    from: '@hookwell/adapters/postgres',
    schema: PostgresMigrationsOptionsSchema,
    about: 'Answers the SQL that brings the tables up to date, for teams that run migrations themselves. Nothing must be given.',
    types: {},
  },
  {
    name: 'postgresRowLevelSecurity',
    from: '@hookwell/adapters/postgres',
    schema: PostgresRowLevelSecurityOptionsSchema,
    about:
      'Answers the SQL that turns [row-level security](operations.md#row-level-security) `on` and `off`, for teams that run migrations themselves. `role` must be given.',
    types: {},
  },
  {
    name: 'httpTransport',
    from: '@hookwell/adapters/http',
    schema: HttpTransportOptionsSchema,
    about: 'Nothing must be given. 80 % of the engine’s `leaseMs` must be longer than twice `totalMs`.',
    types: {
      oauth2: 'a list of [`OAuth2Client`](#oauth2client)',
      monotonicNow: 'a function without parameters that answers a number',
    },
    defaults: { monotonicNow: '`performance.now`' },
  },
  {
    name: 'OAuth2Client',
    isType: true,
    from: '@hookwell/adapters/http',
    schema: OAuth2ClientSchema,
    about: 'One of the option `oauth2` of [`httpTransport`](#httptransport); see [access tokens](transport.md#access-tokens).',
    types: { accountIds: 'a list of 1 or more ids', clientSecret: 'a `Secret` or a text' },
  },
  {
    name: 'functionTransport',
    from: '@hookwell/adapters/function',
    schema: FunctionTransportOptionsSchema,
    about: '`send` must be given.',
    types: { send: 'a function of the request and an `AbortSignal`' },
  },
  {
    name: 'standardWebhooks',
    from: '@hookwell/core',
    schema: StandardWebhooksOptionsSchema,
    about: 'The plugin that signs requests; see [plugins](plugins.md#signing).',
    types: { secret: 'a text, a list of 1 to 5 texts, or a function of the subscription that answers either' },
  },
  {
    name: 'legacySignature',
    from: '@hookwell/core',
    schema: LegacySignatureOptionsSchema,
    about:
      'The plugin that signs as homemade webhooks did; see [plugins](plugins.md#signing). `header` and `secret` must be given.',
    types: { secret: 'a text, or a function of the subscription that answers one' },
  },
  {
    name: 'managedSecrets',
    from: '@hookwell/core',
    schema: ManagedSecretsOptionsSchema,
    about: 'The plugin that gives each subscription a signing secret of its own; see [plugins](plugins.md#signing).',
    types: { keys: 'a list of 1 or more `{ id, key }`' },
  },
  {
    name: 'managedHeaders',
    from: '@hookwell/core',
    schema: ManagedHeadersOptionsSchema,
    about:
      'The plugin that lets requests carry headers of their subscription; see [plugins](plugins.md#headers-of-a-subscriptions-own).',
    types: { keys: 'a list of 1 or more `{ id, key }`' },
  },
  {
    name: 'apiKeys',
    from: '@hookwell/core',
    schema: ApiKeysOptionsSchema,
    about:
      'Key pairs of accounts, kept for you; see [the wire contract](contract.md#keys-that-are-kept-for-you). `storage` must be given.',
    types: {
      storage: 'a storage adapter, such as `sqliteStorage()`: the one that the engine was given',
      now: 'a function without parameters that answers a number',
      onError: 'a function of an error',
    },
    defaults: { now: '`Date.now`', onError: 'a function that does nothing' },
  },
  {
    name: 'contactPlans',
    from: '@hookwell/core',
    schema: ContactPlansOptionsSchema,
    about: 'The plugin that holds accounts to their plan; see [plugins](plugins.md#plan-policy).',
    types: { planOf: 'a function of the account id that answers a plan, or a promise of one' },
  },
  {
    name: 'causality',
    from: '@hookwell/core',
    schema: CausalityOptionsSchema,
    about: 'The plugin that cuts loops between systems; see [causality](causality.md). Nothing must be given.',
    types: {},
  },
  {
    name: 'filters',
    from: '@hookwell/core',
    schema: FiltersOptionsSchema,
    about: 'The plugin that lets subscriptions have filters; see [filters](filters.md). Nothing must be given.',
    types: {},
  },
  {
    name: 'operationalWebhooks',
    from: '@hookwell/core',
    schema: OperationalWebhooksOptionsSchema,
    about:
      'The plugin that sends notices of subscriptions and replays as webhooks; see [operations](operations.md#notices-as-webhooks). One of `accountId` and `owners` must be given.',
    types: { accountId: 'an account id: a text or a whole number', notices: 'a list of notices' },
  },
  {
    name: 'openTelemetry',
    from: '@hookwell/core/opentelemetry',
    schema: OpenTelemetryOptionsSchema,
    about: 'The plugin for traces and metrics; see [observability](observability.md#traces). Nothing must be given.',
    types: {
      tracerProvider: 'a `TracerProvider` of OpenTelemetry',
      meterProvider: 'a `MeterProvider` of OpenTelemetry',
    },
  },
  {
    name: 'prometheus',
    from: '@hookwell/core/prometheus',
    schema: PrometheusOptionsSchema,
    about: 'The plugin for Prometheus; see [observability](observability.md#prometheus). Nothing must be given.',
    types: { registry: 'a `Registry` of prom-client' },
    defaults: { registry: 'a registry of its own' },
  },
  {
    name: 'webhooks',
    from: '@hookwell/express-plugin',
    schema: WebhooksOptionsSchema,
    about: 'The router of [the wire contract](contract.md): `webhooks(engine, options)`. `authenticate` must be given.',
    types: {
      authenticate: 'a function of `{ appId, apiKey }` and the request',
      'rateLimit.store': 'a `RateLimitStore`',
      'console.authenticate': 'a function of the request',
      'documentation.examples': 'a function of the account’s id',
      'metrics.registry': 'a `Registry` of prom-client, or anything with its `contentType` and `metrics()`',
      'metrics.authenticate': 'a function of the request that answers `true` or `false`, or a promise of one',
      secrets: 'a `SecretKeeper`',
      headers: 'a `HeaderKeeper`',
      filters: 'the plugin `filters()`',
      now: 'a function without parameters that answers a number',
      monotonicNow: 'a function without parameters that answers a number',
    },
    defaults: {
      now: '`Date.now`',
      monotonicNow: '`performance.now`',
      'bins.enabled': '`true`, unless `NODE_ENV` is `production`',
    },
  },
  {
    name: 'postgresRateLimits',
    from: '@hookwell/express-plugin/postgres-rate-limits',
    schema: PostgresRateLimitsOptionsSchema,
    about:
      'A store for the option `rateLimit.store` of [`webhooks`](#webhooks); see [limits of several processes](contract.md#limits-of-several-processes). `pool` must be given.',
    types: {
      pool: 'a `Pool` of pg',
      monotonicNow: 'a function without parameters that answers a number',
      onError: 'a function of an error',
    },
    defaults: { monotonicNow: '`performance.now`', onError: 'a function that does nothing' },
  },
  {
    name: 'postgresRateLimitsSql',
    from: '@hookwell/express-plugin/postgres-rate-limits',
    schema: PostgresRateLimitsSqlOptionsSchema,
    about: 'Answers the SQL that makes the table, for teams that run migrations themselves. Nothing must be given.',
    types: {},
  },
];
