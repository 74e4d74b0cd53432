/** A property that does not hold. */
export class Violation extends Error {}

export function violated(what: string): never {
  throw new Violation(what);
}
