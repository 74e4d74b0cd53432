import { defineConfig } from 'oxlint';

/** Where the modules of an import come from, and why some code must not have them. */
interface Border {
  /** Gitignore-style patterns of what is imported. */
  readonly group: readonly string[];
  readonly message: string;
}

const elsewhere = {
  databases: {
    group: ['better-sqlite3', 'kysely', 'kysely/*', 'pg'],
    message: 'Databases are met in the storage adapters only, so that the core runs on any of them.',
  },
  network: {
    group: [
      'undici',
      'http',
      'https',
      'net',
      'tls',
      'dgram',
      'node:http',
      'node:https',
      'node:http2',
      'node:net',
      'node:tls',
      'node:dgram',
    ],
    message: 'There is one exit to the network, the http transport, so that its rules hold for every request.',
  },
  express: {
    group: ['express', 'express/*'],
    message: 'Express is met in the express plugin only; the core serves hosts without it.',
  },
  telemetry: {
    group: ['@opentelemetry/*', 'prom-client', '**/open-telemetry*', '**/prometheus*'],
    message: 'What watches is the host’s choice: the core runs without it, and only the plugins of these names meet it.',
  },
  adapters: {
    group: ['@hookwell/adapters', '@hookwell/adapters/*'],
    message: 'Adapters depend on the core and never the other way round; what is needed of them belongs into a port.',
  },
  expressPlugin: {
    group: ['@hookwell/express-plugin'],
    message: 'The express plugin depends on the core and nothing depends on it, so that hosts can leave it out.',
  },
  testing: {
    group: ['**/testing/*', '@hookwell/core/testing'],
    message: 'The conformance suites are for tests; nothing that ships in an engine may need them.',
  },
  engine: {
    group: ['**/engine.ts', '**/index.ts', '@hookwell/core'],
    message: 'Imports go index → engine → stages → ports → model: what is below the engine must not know it.',
  },
  stages: {
    group: ['**/accept/*', '**/deliver/*', '**/manage/*'],
    message: 'Ports, model and plugins say what there is; the stages that work with it come above them.',
  },
  accept: {
    group: ['**/accept/*'],
    message:
      'Accept, deliver and manage meet in the storage, which is the crash border; the engine alone hands over from one to another.',
  },
  deliver: {
    group: ['**/deliver/*'],
    message:
      'Accept, deliver and manage meet in the storage, which is the crash border; the engine alone hands over from one to another.',
  },
  manage: {
    group: ['**/manage/*'],
    message:
      'Accept, deliver and manage meet in the storage, which is the crash border; the engine alone hands over from one to another.',
  },
  ports: {
    group: ['**/storage-adapter.ts', '**/transport-adapter.ts', '**/plugin.ts', '**/options.ts'],
    message: 'The model is nouns and pure functions: ports are written in its words, and it must not know them.',
  },
  siblings: {
    group: ['../memory/*', '../sqlite/*', '../postgres/*', '../http/*', '../function/*'],
    message:
      'Adapters do not import each other, so that each can be installed without the others; what two databases share is in sql/.',
  },
} as const satisfies Record<string, Border>;

/** What opens connections, in modules that are also good for something else. */
const exits: Readonly<Record<string, readonly string[]>> = {
  undici: ['fetch', 'request', 'stream', 'pipeline', 'connect', 'upgrade', 'buildConnector', 'WebSocket', 'EventSource'],
  http: ['request', 'get'],
  https: ['request', 'get'],
  net: ['connect', 'createConnection', 'Socket'],
  tls: ['connect', 'TLSSocket'],
};

/** Imports that are closed, and all exits but those that are `open`. */
const closedWithExits = (open: readonly string[], ...borders: readonly Border[]) => {
  const paths = Object.entries(exits).flatMap(([module, names]) =>
    (module === 'undici' ? [module] : [module, `node:${module}`]).map((name) => ({
      name,
      importNames: names.filter((exit) => !open.includes(exit)),
      allowTypeImports: true,
      message: 'There is one exit to the network, the guarded connector of the http transport: nothing connects past its guard.',
    })),
  );
  return ['error', { ...closedTo(...borders)[1], paths }] as const;
};

const closedTo = (...borders: readonly Border[]) =>
  ['error', { patterns: borders.map(({ group, message }) => ({ group: [...group], message })) }] as const;

const {
  databases,
  network,
  express,
  telemetry,
  adapters,
  expressPlugin,
  testing,
  engine,
  stages,
  accept,
  deliver,
  manage,
  ports,
  siblings,
} = elsewhere;
/** What belongs to the host's process. */
const hostProperties = [
  { object: 'process', property: 'on', message: 'A guest handles no signals and no process events: they are the host’s.' },
  { object: 'process', property: 'once', message: 'A guest handles no signals and no process events: they are the host’s.' },
  { object: 'process', property: 'exit', message: 'A guest does not end the process of its host.' },
] as const;

const abroad = [adapters, expressPlugin, databases, network, express] as const;
const foreign = [...abroad, telemetry] as const;

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  env: { node: true, es2024: true },
  ignorePatterns: ['**/dist/**', '**/node_modules/**'],
  rules: {
    'import/no-cycle': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    // Off, each for its reason.
    'eslint/no-await-in-loop': 'off', // Order is meant where it is written: pages, retries, shutdown.
    'eslint/no-unmodified-loop-condition': 'off', // It does not see that a closure modifies the variable.
    'import/no-named-as-default': 'off', // TypeBox exports its namespace under both names.
    'oxc/no-async-endpoint-handlers': 'off', // Express 5 takes their rejections.
    'promise/always-return': 'off', // TypeScript knows what a callback returns.
    'promise/no-callback-in-promise': 'off', // Where a port takes callbacks.
    'typescript/consistent-return': 'off', // TypeScript checks that every case of a union returns.
    'typescript/no-misused-spread': 'off', // Code points are what LIKE compares.
    'typescript/no-unsafe-type-assertion': 'off', // noUncheckedIndexedAccess leaves no other way to say what an index is known to hold.
    'unicorn/require-post-message-target-origin': 'off', // Threads have none; it is about windows.
    'unicorn/consistent-function-scoping': 'off', // A function stands beside its only use.
  },
  overrides: [
    {
      // Code of pages runs in browsers, and its styles are imported for Vite to find.
      files: ['packages/express-plugin/pages/**'],
      env: { node: false, browser: true },
      rules: {
        'max-lines': ['error', { max: 300 }],
        'import/no-default-export': 'error',
        'import/no-unassigned-import': ['error', { allow: ['**/*.css'] }],
        'no-console': 'error',
      },
    },
    {
      files: ['packages/*/src/**'],
      rules: {
        'max-lines': ['error', { max: 300 }],
        'import/no-default-export': 'error',
        'no-console': 'error',
        'no-restricted-globals': [
          'error',
          {
            name: 'fetch',
            message: 'There is one exit to the network, the http transport; and fetch unpacks answers without a limit.',
          },
          ...['WebSocket', 'EventSource'].map((name) => ({
            name,
            message: 'There is one exit to the network, the http transport.',
          })),
        ],
        'no-restricted-properties': ['error', ...hostProperties],
      },
    },
    {
      files: ['packages/core/src/**'],
      rules: {
        'no-restricted-imports': closedTo(...foreign, testing),
        'no-restricted-properties': [
          'error',
          ...hostProperties,
          {
            object: 'Date',
            property: 'now',
            message: 'The clock is an option, so that tests and simulations can move it: use `now` of the context.',
          },
          { object: 'performance', property: 'now', message: 'The clock is an option: use `monotonicNow` of the context.' },
          { object: 'Math', property: 'random', message: 'Random numbers are an option: use `random` of the context.' },
        ],
      },
    },
    {
      // Where the defaults of the clocks and of random numbers are.
      files: ['packages/core/src/{options,api-keys-options,verify-*}.ts'],
      rules: { 'no-restricted-properties': ['error', ...hostProperties] },
    },
    {
      files: ['packages/core/src/accept/**'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, deliver, manage) },
    },
    {
      files: ['packages/core/src/deliver/**'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, accept, manage) },
    },
    {
      files: ['packages/core/src/manage/**'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, accept, deliver) },
    },
    {
      files: ['packages/core/src/plugins/**'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, stages) },
    },
    {
      files: ['packages/core/src/plugins/{open-telemetry,prometheus}*.ts'],
      rules: { 'no-restricted-imports': closedTo(...abroad, testing, engine, stages) },
    },
    {
      files: ['packages/core/src/model/**'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, stages, ports) },
    },
    {
      files: ['packages/core/src/{verify,verify-*,read-signature}.ts'],
      rules: {
        'no-restricted-imports': closedTo({
          group: ['./*', '../*', '@hookwell/*', '!./read-signature.ts', '!./verify-*.ts'],
          message: 'Receivers import @hookwell/core/verify alone: it brings nothing along, and pages read what is beside it.',
        }),
      },
    },
    {
      files: ['packages/core/src/{storage-adapter,transport-adapter,plugin,options,errors}.ts'],
      rules: { 'no-restricted-imports': closedTo(...foreign, testing, engine, stages) },
    },
    {
      // A plugin of a user's has what is public, and nothing else.
      files: ['examples/plugin-*/src/**'],
      rules: {
        'no-console': 'error',
        'import/no-default-export': 'error',
        'no-restricted-imports': closedTo({
          group: ['../*', '../**', '/**', '@hookwell/*', '@hookwell/*/**', '!@hookwell/core'],
          message: 'Example plugins are written against the public exports of @hookwell/core alone, as those of users are.',
        }),
      },
    },
    {
      // The suites open real connections, to a receiver of their own.
      files: ['packages/core/src/testing/**'],
      rules: {
        'no-restricted-imports': closedTo(databases, express, adapters, expressPlugin, stages),
        'no-restricted-properties': ['error', ...hostProperties],
      },
    },
    {
      // A program of its own, which sends and receives what it should not.
      files: ['packages/core/src/torture/**'],
      rules: {
        'no-restricted-imports': closedTo(databases, express, telemetry, adapters, expressPlugin, engine, stages, ports),
        'no-restricted-properties': 'off',
      },
    },
    {
      files: ['packages/adapters/src/**'],
      rules: { 'no-restricted-imports': closedTo(databases, network, express, expressPlugin, siblings, testing) },
    },
    {
      files: ['packages/adapters/src/{sql,sqlite,postgres}/**'],
      rules: { 'no-restricted-imports': closedTo(network, express, expressPlugin, siblings, testing) },
    },
    {
      files: ['packages/adapters/src/http/**'],
      rules: { 'no-restricted-imports': closedWithExits([], databases, express, expressPlugin, siblings, testing) },
    },
    {
      // The one exit, and its way through a proxy.
      files: ['packages/adapters/src/http/{guarded-connector,proxy-tunnel}.ts'],
      rules: {
        'no-restricted-imports': closedWithExits(['buildConnector'], databases, express, expressPlugin, siblings, testing),
      },
    },
    {
      files: ['packages/express-plugin/src/**'],
      rules: {
        'no-restricted-imports': closedWithExits([], databases, adapters, testing, {
          ...network,
          group: network.group.filter((name) => name !== 'node:http'),
        }),
      },
    },
  ],
});
