import { randomBytes } from 'node:crypto';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { readDatabase } from './database-name.ts';
import { suggestion } from './refusal.ts';
import { UsageError } from './usage-error.ts';

export const help = `A small CRM that embeds Hookwell.

Usage: npm run demo -- [options]

It starts the CRM and a receiver, imports contacts, subscribes over HTTP, lets things happen, shows what came of it, and
stays up for you to try more. Ctrl-C stops it.

  --contacts FILE   import the contacts of a CSV file instead of made-up ones
  --count N         how many contacts to make up, 1 to 100000 (500)
  --seed N          make up the same contacts and cars again (1)
  --once            end afterwards: 0 if every payload arrived exactly once with exactly the right fields, else 1
                    (at least once, if you kill a process of --processes)
  --json            print the figures as JSON, and nothing else, on standard output
  --serve           only serve: no receiver, no import, nothing happens by itself
  --port N          the port of the CRM on 127.0.0.1 (0: any free one)
  --database WHERE  keep everything in this SQLite file, or in the PostgreSQL database of a URL such as
                    postgres://role:password@host:5432/database (a temporary file, removed at the end)
  --processes N     let so many processes serve and deliver over one database, 1 to 16; an SQLite file must be on this machine
  --lease-ms N      how long a delivery stays with a process that died, 1000 to 3600000 (60000; 5000 when --processes
                    runs the demo)
  --retry-ms LIST   the wait before each retry, such as 200,400,800; a delivery fails when all are over (200 ms to 3 s in
                    the demo, 5 s to 24 h with --serve)
  --suspend-after N suspend a subscription after so many failures in a row, 1 to 1000, however soon they come (10, over at
                    least an hour)
  --help            show this

Environment: DATABASE_URL, the URL of a PostgreSQL database, instead of --database; CRM_APP_ID and CRM_API_KEY, the
credentials of the webhook API (made up and shown when both are missing); CRM_PASSWORD, what signs in to the pages (the API key);
CRM_PLAN, the plan of the account: basic, plus, pro or enterprise (enterprise); CRM_SIGNING_SECRET, what to sign payloads
with, as Standard Webhooks says: whsec_ and base64 (unset: each subscription has a secret of its own, or none); CRM_SEALING_KEY,
base64 of 32 bytes, what seals these secrets, and headers of subscriptions, in the database (made up where the database is a
temporary file; unset for another one: there are none).
`;

export const plans = ['basic', 'plus', 'pro', 'enterprise'] as const;
export type Plan = (typeof plans)[number];

/** What this start of the program is to do. */
export interface Settings {
  readonly mode: 'help' | 'demo' | 'once' | 'serve';
  readonly json: boolean;
  /** The CSV file to import; null to make contacts up. */
  readonly contactsFile: string | null;
  readonly count: number;
  readonly seed: number;
  readonly port: number;
  /** The URL of a PostgreSQL database, or an SQLite file; null for a temporary file. */
  readonly database: string | null;
  /** How many processes serve over the database; null when this one does by itself. */
  readonly processes: number | null;
  readonly leaseMs: number;
  /** The waits before each retry; null for the engine's own schedule. */
  readonly retryScheduleMs: readonly number[] | null;
  /** Failures in a row that suspend a subscription, however soon they come; null for the engine's own policy. */
  readonly suspendAfter: number | null;
  readonly credentials: Credentials;
  /** What signs somebody in to the pages. */
  readonly password: string;
  readonly plan: Plan;
  /** What all payloads are signed with; null when each subscription has a secret of its own, or none. */
  readonly signingSecret: string | null;
  /** What seals the secrets and headers of subscriptions in the database; null when they have none. */
  readonly sealingKey: string | null;
}

/** The key pair of the webhook API. */
export interface Credentials {
  readonly appId: string;
  readonly apiKey: string;
  /** Whether they were made up, so that nobody can know them without being told. */
  readonly madeUp: boolean;
}

const options = {
  contacts: { type: 'string' },
  count: { type: 'string' },
  seed: { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  serve: { type: 'boolean' },
  port: { type: 'string' },
  database: { type: 'string' },
  processes: { type: 'string' },
  'lease-ms': { type: 'string' },
  'retry-ms': { type: 'string' },
  'suspend-after': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/** Soon, so that the demo does not wait for the payloads that its receiver refuses at first. */
const demoRetryScheduleMs = [200, 400, 800, 1_600, 3_200];

const demoOnly = ['once', 'json', 'contacts', 'count', 'seed'] as const;

/**
 * Reads the command line and the environment.
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings {
  refuseUnknown(args);
  const { values } = parse(args);
  if (values.serve) {
    const given = demoOnly.find((name) => values[name] !== undefined);
    if (given) throw new UsageError(`--${given} belongs to the demo, and --serve runs none. Leave one of them out.`);
  }
  if (values.contacts !== undefined) {
    const given = (['count', 'seed'] as const).find((name) => values[name] !== undefined);
    if (given)
      throw new UsageError(`--${given} is about made-up contacts, and --contacts imports real ones. Leave one of them out.`);
  }
  const mode = values.help ? 'help' : values.serve ? 'serve' : values.once ? 'once' : 'demo';
  const processes = values.processes === undefined ? null : integer('processes', values.processes, 1, 1, 16);
  const database = readDatabase(values.database, environment['DATABASE_URL']);
  if (processes !== null && isTemporary(database)) {
    throw new UsageError(
      '--processes needs a database that processes can share. Set DATABASE_URL to a PostgreSQL database, or name a file on this machine with --database.',
    );
  }
  const credentials = readCredentials(environment);
  const settings: Settings = {
    mode,
    json: values.json ?? false,
    contactsFile: filename('contacts', values.contacts),
    count: integer('count', values.count, 500, 1, 100_000),
    seed: integer('seed', values.seed, 1, 0, 2 ** 32 - 1),
    port: integer('port', values.port, 0, 0, 65_535),
    database,
    processes,
    leaseMs: integer('lease-ms', values['lease-ms'], processes === null || mode === 'serve' ? 60_000 : 5_000, 1_000, 3_600_000),
    retryScheduleMs: retries(values['retry-ms']) ?? (mode === 'serve' ? null : demoRetryScheduleMs),
    suspendAfter: values['suspend-after'] === undefined ? null : integer('suspend-after', values['suspend-after'], 1, 1, 1_000),
    credentials,
    password: environment['CRM_PASSWORD'] || credentials.apiKey,
    plan: readPlan(environment['CRM_PLAN']),
    signingSecret: environment['CRM_SIGNING_SECRET'] || null,
    sealingKey: environment['CRM_SEALING_KEY'] || (isTemporary(database) ? randomBytes(32).toString('base64') : null),
  };
  if ((settings.mode === 'demo' || settings.mode === 'once') && (settings.plan === 'basic' || settings.plan === 'plus')) {
    throw new UsageError(
      `The demo subscribes to cars, which the plan ${settings.plan} does not allow. Set CRM_PLAN to pro or enterprise, or use --serve.`,
    );
  }
  return settings;
}

/** Whether nothing of it is left at the end, so that a key that nobody keeps will do. */
function isTemporary(database: string | null): boolean {
  return database === null || database === ':memory:';
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}

function refuseUnknown(args: readonly string[]): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      throw new UsageError(`"${token.value}" is not an option. Options begin with --; see --help.`);
    }
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      const names = Object.keys(options).map((name) => `--${name}`);
      throw new UsageError(`There is no option ${token.rawName}${suggestion(token.rawName, names)} See --help.`);
    }
  }
}

function filename(option: string, text: string | undefined): string | null {
  if (text === '') throw new UsageError(`--${option} needs the name of a file.`);
  return text ?? null;
}

function integer(option: string, text: string | undefined, byDefault: number, least: number, most: number): number {
  if (text === undefined) return byDefault;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${option} is "${text}", but must be a whole number from ${least} to ${most}.`);
}

function retries(text: string | undefined): readonly number[] | null {
  if (text === undefined) return null;
  const waits = text.split(',');
  if (waits.length <= 100 && waits.every((wait) => /^\d{1,8}$/.test(wait))) return waits.map(Number);
  throw new UsageError(
    `--retry-ms is "${text}", but must be 1 to 100 whole numbers of up to 8 digits, with commas between them.`,
  );
}

function readCredentials(environment: NodeJS.ProcessEnv): Credentials {
  const appId = environment['CRM_APP_ID'] ?? '';
  const apiKey = environment['CRM_API_KEY'] ?? '';
  if (appId === '' && apiKey === '') {
    return { appId: `app_${randomBytes(6).toString('hex')}`, apiKey: randomBytes(16).toString('hex'), madeUp: true };
  }
  for (const [name, value] of [
    ['CRM_APP_ID', appId],
    ['CRM_API_KEY', apiKey],
  ] as const) {
    if (value === '') throw new UsageError(`${name} is not set, but its partner is. Set CRM_APP_ID and CRM_API_KEY, or neither.`);
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new UsageError(`${name} cannot be sent in a header. Use letters, digits and signs of ASCII, without spaces.`);
    }
  }
  return { appId, apiKey, madeUp: false };
}

function readPlan(text: string | undefined): Plan {
  if (text === undefined || text === '') return 'enterprise';
  const plan = plans.find((one) => one === text.toLowerCase());
  if (plan) return plan;
  throw new UsageError(`CRM_PLAN is "${text}", but must be one of ${plans.join(', ')}${suggestion(text.toLowerCase(), plans)}`);
}
