import { checkAccountRetentions } from './account-ages.ts';
import { checkPlugin } from './check-plugin.ts';
import { HookwellError } from './errors.ts';
import { listed } from './model/suggestion.ts';
import { EngineOptionsSchema, resolveOptions, type EngineOptions } from './options.ts';
import { storageMembers } from './storage-members.ts';
import { transportMembers } from './transport-adapter.ts';

/**
 * The options of an engine, filled in and checked, beyond what a schema can say.
 *
 * @throws {HookwellError} `invalid_option`
 */
export function checkEngineOptions(given: unknown): EngineOptions {
  const options = resolveOptions(EngineOptionsSchema, given, 'createEngine');
  checkMembers('storage', options.storage, storageMembers, 'a StorageAdapter such as memoryStorage()');
  if (options.transports.length === 0) {
    throw invalid('option "transports" is empty; give at least one, such as httpTransport()', options.transports);
  }
  for (const [index, transport] of options.transports.entries()) {
    checkMembers(`transports[${index}]`, transport, transportMembers, 'a TransportAdapter such as httpTransport()');
    const sendsFor = 2 * transport.deadlineMs;
    if (0.8 * options.leaseMs <= sendsFor) {
      throw invalid(
        `option "leaseMs" is ${options.leaseMs}, but 80 % of it must be longer than twice the deadline of the transport ` +
          `"${transport.name}" (${transport.deadlineMs} ms), so that no lease runs out in the middle of a request; ` +
          `make it more than ${Math.ceil(sendsFor / 0.8)}, or shorten the deadline`,
        options.leaseMs,
      );
    }
  }
  if (!(options.catalog.events instanceof Map) || !(options.catalog.objectTypes instanceof Map)) {
    throw invalid('option "catalog" is not a catalog; make one with defineCatalog(), or take ontraportCatalog', options.catalog);
  }
  for (const name of ['now', 'monotonicNow', 'random', 'newId', 'loadRecords'] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'function') throw invalid(`option "${name}" is not a function`, value);
  }
  const { accounts } = options.retention;
  if (accounts !== undefined && typeof accounts !== 'function') checkAccountRetentions(accounts, options.retention);
  for (const plugin of options.plugins) checkPlugin(plugin, 'createEngine');
  const names = options.plugins.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`every plugin needs a name of its own, but "plugins" has ${listed(names)}`, twice);
  checkAttributeNames(options.plugins);
  return options;
}

/** An attribute that two plugins check would mean two things. */
function checkAttributeNames(plugins: EngineOptions['plugins']): void {
  const owners = new Map<string, string>();
  for (const plugin of plugins) {
    for (const attribute of Object.keys(plugin.attributes ?? {})) {
      const other = owners.get(attribute);
      if (other !== undefined) {
        const problem = `the plugins "${other}" and "${plugin.name}" both have the attribute "${attribute}"`;
        throw invalid(`${problem}; leave one of them out`, attribute);
      }
      owners.set(attribute, plugin.name);
    }
  }
}

function checkMembers(option: string, value: object, members: Readonly<Record<string, string>>, wanted: string): void {
  for (const [member, type] of Object.entries(members)) {
    if (typeof value !== 'object' || value === null || typeof (value as Record<string, unknown>)[member] !== type) {
      throw invalid(`option "${option}" is not ${wanted}: its "${member}" is no ${type}`, value);
    }
  }
}

function invalid(problem: string, value: unknown): HookwellError {
  return new HookwellError('invalid_option', `createEngine: ${problem}.`, { value });
}
