import { malformed, shown } from './refusal.ts';

/** How much structure a request may have. */
export interface Bounds {
  /** Names in all, at every depth. */
  readonly names: number;
  /** Levels of names: 1 when no value has names of its own. A list is a level too. */
  readonly depth: number;
}

/** The most bytes that a body may have. */
export const maxBodyBytes = 65_536;

/** How much structure parameters may have. */
export const parameterBounds: Bounds = { names: 100, depth: 4 };

const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

/** Checks one name on its way in. @throws {Refusal} when code further in could take it for what every object has */
export function checkName(name: string): void {
  if (forbiddenNames.has(name)) throw malformed(`No parameter can be called ${shown(name)}.`);
}

/** Checks the structure of parsed JSON. @throws {Refusal} naming the bound */
export function checkStructure(value: unknown, bounds: Bounds, what: string): void {
  let names = 0;
  const walk = (part: unknown, depth: number): void => {
    if (typeof part !== 'object' || part === null) return;
    if (depth > bounds.depth) throw malformed(`${what} is nested too deeply: ${bounds.depth} levels are taken.`);
    for (const [name, inner] of Object.entries(part)) {
      names += 1;
      if (names > bounds.names) throw malformed(`${what} has too many parts: ${bounds.names} are taken.`);
      checkName(name);
      walk(inner, depth + 1);
    }
  };
  walk(value, 1);
}
