import { HookwellError } from './errors.ts';
import { shown } from './model/shown.ts';
import { listed, suggestion } from './model/suggestion.ts';
import type { Plugin } from './plugin.ts';

/** The hooks that a plugin may have, in the order in which they run. */
export const hookNames = [
  'start',
  'subscribe',
  'emit',
  'match',
  'emitted',
  'fields',
  'compose',
  'request',
  'outcome',
  'stop',
] as const satisfies readonly (keyof Plugin)[];

/** Every member that means something to an engine. */
export const pluginMembers = ['name', 'formats', 'attributes', ...hookNames] as const satisfies readonly (keyof Plugin)[];

/**
 * Checks that a plugin is one: a name, and hooks that are functions.
 *
 * @param owner what messages call the function that was given it, e.g. `createEngine`
 * @throws {HookwellError} `invalid_option`
 */
export function checkPlugin(plugin: unknown, owner: string): void {
  const refuse = (problem: string, value: unknown): HookwellError =>
    new HookwellError('invalid_option', `${owner}: ${problem}.`, { value });
  if (typeof plugin !== 'object' || plugin === null) {
    throw refuse(`${shown(plugin)} is no plugin; make one with definePlugin, and call what it answers`, plugin);
  }
  const { name, formats = [], attributes = {}, ...rest } = plugin as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') {
    throw refuse(`a plugin has the name ${shown(name)}; every plugin needs a name of its own`, name);
  }
  for (const hook of hookNames) {
    const value = rest[hook];
    if (value === undefined || typeof value === 'function') continue;
    throw refuse(`the ${hook} hook of the plugin "${name}" is ${shown(value)}; it must be a function`, value);
  }
  if (!Array.isArray(formats) || !formats.every((format) => typeof format === 'string' && format !== '')) {
    throw refuse(`"formats" of the plugin "${name}" is ${shown(formats)}; it must be a list of names`, formats);
  }
  if (typeof attributes !== 'object' || attributes === null) {
    throw refuse(`"attributes" of the plugin "${name}" is ${shown(attributes)}; it must be an object of functions`, attributes);
  }
  for (const [attribute, check] of Object.entries(attributes)) {
    if (typeof check === 'function') continue;
    throw refuse(`the attribute "${attribute}" of the plugin "${name}" is ${shown(check)}; it must be a function`, check);
  }
}

/**
 * Checks that an object has no members but those that an engine knows.
 *
 * @throws {HookwellError} `invalid_option`, with a suggestion
 */
export function checkMemberNames(hooks: object, known: readonly string[], owner: string): void {
  const unknown = Object.keys(hooks).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new HookwellError(
    'invalid_option',
    `${owner}: there is no hook "${unknown}"${suggestion(unknown, known)} What setup may answer: ${listed(known)}.`,
    { value: unknown },
  );
}
