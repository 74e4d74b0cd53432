import { closest, distance } from 'fastest-levenshtein';

/** `. Did you mean "email"?` for a name that is nearly one of the known ones, else a full stop. */
export function suggestion(name: string, known: readonly string[]): string {
  if (known.length === 0) return '.';
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, Math.floor(name.length / 3)) ? `. Did you mean "${near}"?` : '.';
}

/** The names in quotes, at most 20 of them: `"a", "b", "c"`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `"${name}"`);
  return names.length > 20 ? `${shown.join(', ')} and ${names.length - 20} more` : shown.join(', ');
}
