import { malformed, shown } from './refusal.ts';

/**
 * Checks that no object in a JSON text says a name twice: whoever looked at the request before may have gone by the other one.
 *
 * @param text valid JSON
 * @throws {Refusal} naming it
 */
export function checkNamesOnce(text: string, what: string): void {
  const objects: (Set<string> | null)[] = [];
  for (const [token, isName] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '[') objects.push(null);
    else if (token === '}' || token === ']') objects.pop();
    else if (isName !== undefined) {
      const name = JSON.parse(token.slice(0, -isName.length)) as string;
      const names = objects.at(-1);
      if (names?.has(name)) throw malformed(`${what} says ${shown(name)} twice. Send each name once.`);
      names?.add(name);
    }
  }
}
