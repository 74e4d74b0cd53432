import Type, { type Static, type TObject } from 'typebox';
import { checkMemberNames, checkPlugin, pluginMembers } from './check-plugin.ts';
import { HookwellError } from './errors.ts';
import { shown } from './model/shown.ts';
import { resolveOptions, type OptionsInput } from './options.ts';
import type { Plugin } from './plugin.ts';

/** What `setup` answers: hooks, and what hosts may call. */
export interface PluginSetup<Api extends object = object> extends Omit<Plugin, 'name'> {
  /** Another name than the definition's, for a plugin that an engine may have several times. */
  readonly name?: string;
  /** What hosts may call or read: it stands beside the hooks on the plugin. */
  readonly api?: Api;
}

/** What a plugin is made of. */
export interface PluginDefinition<Schema extends TObject, Api extends object> {
  /** In small letters with hyphens, such as `quiet-hours`. Messages about options call the plugin `quietHours`. */
  readonly name: string;
  /**
   * Its options: type, default and manual in one, an object schema of TypeBox. A property with `writeOnly: true` is a
   * secret, which no message shows. Left out when there are none.
   */
  readonly options?: Schema;
  /** Is given the options, checked, filled in and frozen, and answers the hooks at once; what takes time belongs in `start`. */
  readonly setup: (options: Readonly<Static<Schema>>) => PluginSetup<Api>;
}

/** No options at all. */
const noOptions = Type.Object({}, { additionalProperties: false });

/**
 * Makes a function that makes plugins: it checks options as the engine checks its own, and runs `setup` with them.
 *
 * @throws {HookwellError} `invalid_option`, also from the function that it answers: for options that are unknown, missing or
 * wrong, and for hooks that do not exist
 * @example
 * export const quietHours = definePlugin({
 *   name: 'quiet-hours',
 *   options: Type.Object({ hours: Type.Array(Type.Integer({ minimum: 0, maximum: 23 })) }),
 *   setup: ({ hours }) => ({
 *     match: (event, subscriptions) => (hours.includes(new Date(event.occurredAt).getUTCHours()) ? [] : subscriptions),
 *   }),
 * })
 * createEngine({ …, plugins: [quietHours({ hours: [22, 23] })] })
 */
export function definePlugin<Schema extends TObject, Api extends object = object>(
  definition: PluginDefinition<Schema, Api>,
): (options?: OptionsInput<Static<Schema>>) => Plugin & Api {
  const { name, options: schema = noOptions, setup } = definition;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new HookwellError(
      'invalid_option',
      `definePlugin: the name ${shown(name)} is not small letters with hyphens; make it so.`,
      {
        value: name,
      },
    );
  }
  const owner = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (typeof setup !== 'function') {
    throw new HookwellError('invalid_option', `definePlugin: "setup" of "${name}" is no function; pass one that answers hooks.`, {
      value: setup,
    });
  }

  return (given = {}) => {
    const answered: unknown = setup(resolveOptions(schema, given, owner) as Readonly<Static<Schema>>);
    if (typeof answered !== 'object' || answered === null || !isPlain(answered)) {
      const what = answered instanceof Promise ? 'a promise' : shown(answered);
      if (answered instanceof Promise) answered.catch(() => undefined);
      throw new HookwellError(
        'invalid_option',
        `${owner}: its setup answered ${what}; it must answer a plain object of hooks, at once. What takes time belongs in "start".`,
        { value: answered },
      );
    }
    checkMemberNames(answered, [...pluginMembers, 'api'], owner);
    const { api, ...hooks } = answered as PluginSetup<Api>;
    const taken = Object.keys(api ?? {}).find((member) => (pluginMembers as readonly string[]).includes(member));
    if (taken !== undefined) {
      throw new HookwellError('invalid_option', `${owner}: "api" has "${taken}", which is a hook's name; choose another one.`, {
        value: taken,
      });
    }
    const plugin = { name, ...hooks, ...api } as Plugin & Api;
    checkPlugin(plugin, owner);
    Object.freeze(plugin);
    return plugin;
  };
}

/** Whether spreading it keeps all that it has: methods of a class would be lost. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
