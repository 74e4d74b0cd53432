import { parseArgs } from 'node:util';
import { readSigningSecret } from '../read-signature.ts';
import { suggestion } from '../model/suggestion.ts';

export const help = `Bad receivers for senders, and bad deliveries for receivers.

Usage: hookwell-torture receive [options]
       hookwell-torture send URL --secret whsec_… [options]

receive  listens on 127.0.0.1 and misbehaves as the path of a request asks for: point any sender of webhooks at the URLs that
         it prints. Ctrl-C ends it, and shows what every behaviour has cost the sender.
send     sends deliveries to an endpoint that receives webhooks: right ones, which it must take, and forged, changed, old and
         repeated ones. They are marked as tests in their payload; still, do not send them to an endpoint that is in use.

  --secret SECRET   what the endpoint checks signatures with, whsec_ and base64; or set WEBHOOK_SECRET
  --timeout-ms N    how long the endpoint may take for an answer, 1 to 600000 (10000)
  --port N          the port of receive (0: any free one)
  --seconds N       how long receive listens, 0 to 86400 (0: until Ctrl-C)
  --json            print the result as JSON, and nothing else, on standard output
  --help            show this

send ends with 0 when every delivery got the answer that it deserves, and else with 1.
`;

/** Something that whoever started it can put right; shown as one message, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What this start is to do. */
export type Settings =
  | { readonly command: 'help' }
  | { readonly command: 'receive'; readonly port: number; readonly seconds: number; readonly json: boolean }
  | {
      readonly command: 'send';
      readonly url: URL;
      /** The key of the HMAC. */
      readonly key: Buffer;
      readonly timeoutMs: number;
      readonly json: boolean;
    };

const options = {
  secret: { type: 'string' },
  'timeout-ms': { type: 'string' },
  port: { type: 'string' },
  seconds: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const belonging = { receive: ['port', 'seconds'], send: ['secret', 'timeout-ms'] } as const;

/**
 * Reads the command line and the environment.
 *
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readSettings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help || (command === undefined && args.length === 0)) return { command: 'help' };
  if (command !== 'receive' && command !== 'send') {
    throw new UsageError(
      command === undefined
        ? 'Say "receive" or "send"; see --help.'
        : `"${command}" is neither "receive" nor "send"${suggestion(command, ['receive', 'send'])} See --help.`,
    );
  }
  const foreign = belonging[command === 'send' ? 'receive' : 'send'].find((name) => values[name] !== undefined);
  if (foreign) throw new UsageError(`--${foreign} does not belong to ${command}; leave it out.`);
  const json = values.json ?? false;
  if (command === 'receive') {
    if (rest[0] !== undefined) throw new UsageError(`receive takes no "${rest[0]}"; leave it out.`);
    return {
      command,
      port: integer('port', values.port, 0, 0, 65_535),
      seconds: integer('seconds', values.seconds, 0, 0, 86_400),
      json,
    };
  }
  if (rest[1] !== undefined) throw new UsageError(`send takes one URL; "${rest[1]}" is one too many.`);
  const key = readSigningSecret(values.secret ?? environment['WEBHOOK_SECRET'] ?? '');
  // What was given is not shown: it may be nearly right.
  if (key === null) throw new UsageError('send needs a secret: --secret with whsec_ and base64, or WEBHOOK_SECRET.');
  return {
    command,
    url: readUrl(rest[0]),
    key: Buffer.from(key, 'base64'),
    timeoutMs: integer('timeout-ms', values['timeout-ms'], 10_000, 1, 600_000),
    json,
  };
}

function parse(args: readonly string[]) {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`There is no option ${token.rawName}${suggestion(token.rawName, known)} See --help.`);
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}

function readUrl(text: string | undefined): URL {
  if (text === undefined) throw new UsageError('send needs the URL of the endpoint.');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new UsageError(`"${text}" is not a URL that begins with http:// or https://.`);
}

function integer(name: string, text: string | undefined, byDefault: number, least: number, most: number): number {
  if (text === undefined) return byDefault;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}.`);
}
