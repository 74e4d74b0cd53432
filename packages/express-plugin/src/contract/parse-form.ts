import { checkName, parameterBounds } from './bounds.ts';
import { Unusable, type Given } from './parameters.ts';
import { malformed } from './refusal.ts';

type Fields = { [name: string]: string | Fields | Unusable };

/**
 * Reads a query or a form: `id=1&data[format]=notify`. The same name twice is taken when both say the same.
 *
 * @throws {Refusal} for too many parameters, too many brackets, and names that none can have
 */
export function parseForm(text: string): Map<string, Given> {
  return nestPairs([...new URLSearchParams(text)]);
}

/** Puts decoded pairs of names and values together by the brackets of their names, as PHP does. */
export function nestPairs(pairs: readonly (readonly [name: string, value: string])[]): Map<string, Given> {
  if (pairs.length > parameterBounds.names) {
    throw malformed(`Too many parameters: ${parameterBounds.names} are taken, and these are ${pairs.length}.`);
  }
  const fields: Fields = Object.create(null) as Fields;
  for (const [name, value] of pairs) {
    const path = pathOf(name);
    if (path.length > parameterBounds.depth) {
      throw malformed(`A parameter is nested too deeply: ${parameterBounds.depth} levels are taken.`);
    }
    for (const part of path) checkName(part);
    put(fields, path, value);
  }
  return new Map(Object.entries(fields));
}

/** `data[format]` as `data`, `format`; a name whose brackets do not match is one name. */
function pathOf(name: string): readonly string[] {
  const [, first, rest = ''] = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(name) ?? [];
  return first === undefined ? [name] : [first, ...rest.slice(1, -1).split('][')];
}

function put(fields: Fields, path: readonly string[], value: string): void {
  const [name = '', ...rest] = path;
  const before = fields[name];
  if (rest.length === 0) {
    fields[name] = before === undefined || before === value ? value : new Unusable('there twice, with different values');
  } else if (rest[0] === '') {
    fields[name] = new Unusable('a list');
  } else if (before === undefined || (typeof before === 'object' && !(before instanceof Unusable))) {
    const inner = before ?? (Object.create(null) as Fields);
    fields[name] = inner;
    put(inner, rest, value);
  } else {
    fields[name] = new Unusable('there twice, with different values');
  }
}
