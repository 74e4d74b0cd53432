import { parseArgs } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { UsageError } from '../arguments.ts';

/** An option of a bench, as the reader of `--help` meets it. */
export type Option =
  | { readonly kind: 'flag'; readonly what: string }
  | {
      readonly kind: 'integer';
      readonly what: string;
      readonly byDefault: number;
      /** The default beside `--quick`. */
      readonly quick: number;
      readonly least: number;
      readonly most: number;
    }
  | { readonly kind: 'names'; readonly what: string; readonly known: readonly string[]; readonly byDefault: readonly string[] };

/** What every bench understands. */
export const commonOptions = {
  seed: integer('what all that is drawn at random begins from', 1, 1, 0, 4_294_967_295),
  quick: flag('little of everything and one round, to see that it works; the figures mean nothing'),
  check: flag('end with 1 when a figure misses its bound: for quiet machines'),
  json: flag('print the result as JSON, and nothing else, on standard output'),
  help: flag('show this'),
} as const;

/** What was chosen for each option. */
export type Chosen<Options extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Options]: Options[Name] extends { readonly kind: 'flag' }
    ? boolean
    : Options[Name] extends { readonly kind: 'integer' }
      ? number
      : readonly string[];
};

export function flag(what: string) {
  return { kind: 'flag', what } as const;
}

/** A whole number within bounds; `quick` is its default beside `--quick`. */
export function integer(what: string, byDefault: number, quick: number, least: number, most: number) {
  return { kind: 'integer', what, byDefault, quick, least, most } as const;
}

/** Some of the known names, with commas between them. */
export function names(what: string, known: readonly string[], byDefault: readonly string[] = known) {
  return { kind: 'names', what, known, byDefault } as const;
}

/**
 * Reads a command line.
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readOptions<Options extends Readonly<Record<string, Option>>>(
  options: Options,
  args: readonly string[],
): Chosen<Options> {
  const given = parse(options, args);
  const chosen: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<Option>(options)) {
    const value = given[name];
    if (option.kind === 'flag') chosen[name] = value === true;
    else if (option.kind === 'integer') chosen[name] = readInteger(name, option, value, given['quick'] === true);
    else chosen[name] = readNames(name, option, value);
  }
  return chosen as Chosen<Options>;
}

/** What `--help` shows. */
export function helpOf(script: string, what: string, options: Readonly<Record<string, Option>>, more: string): string {
  const rows = Object.entries(options).map(([name, option]) => {
    if (option.kind === 'flag') return [`--${name}`, option.what] as const;
    if (option.kind === 'names') {
      return [`--${name} NAMES`, `${option.what}: ${option.known.join(', ')} (${option.byDefault.join(',')})`] as const;
    }
    return [`--${name} N`, `${option.what}, ${option.least} to ${option.most} (${option.byDefault})`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
  return `${what}\n\nUsage: npm run ${script} -- [options]\n\n${lines.join('\n')}\n\n${more}\n`;
}

type Given = Readonly<Record<string, string | boolean | undefined>>;

function parse(options: Readonly<Record<string, Option>>, args: readonly string[]): Given {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { kind }]) => [name, { type: kind === 'flag' ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options: config, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      throw new UsageError(`"${token.value}" is not an option. Options begin with --; see --help.`);
    }
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      const known = Object.keys(options).map((name) => `--${name}`);
      throw new UsageError(`There is no option ${token.rawName}${suggestion(token.rawName, known)} See --help.`);
    }
  }
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}

function readInteger(
  name: string,
  { byDefault, quick, least, most }: Extract<Option, { kind: 'integer' }>,
  given: string | boolean | undefined,
  isQuick: boolean,
): number {
  if (typeof given !== 'string') return isQuick ? quick : byDefault;
  const number = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} is "${given}", but must be a whole number from ${least} to ${most}.`);
}

function readNames(
  name: string,
  { known, byDefault }: Extract<Option, { kind: 'names' }>,
  given: string | boolean | undefined,
): readonly string[] {
  if (typeof given !== 'string') return byDefault;
  const wanted = given.split(',').map((one) => one.trim());
  for (const one of wanted) {
    if (!known.includes(one)) {
      throw new UsageError(`--${name} has the unknown name "${one}"${suggestion(one, known)} Names: ${known.join(', ')}.`);
    }
  }
  return known.filter((one) => wanted.includes(one));
}

function suggestion(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, Math.floor(name.length / 3)) ? `. Did you mean "${near}"?` : '.';
}
