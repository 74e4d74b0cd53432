import { valueType, type Condition } from '@hookwell/core';
import { checkStructure } from './bounds.ts';
import { checkNamesOnce } from './check-names-once.ts';
import { queryField, type Collection } from './collection.ts';
import { compare, isNull, listed } from './compare.ts';
import { invalidQuery, Refusal, shown } from './refusal.ts';

/** Enough for groups in groups; a term with a list has four levels of its own. */
const bounds = { names: 10_000, depth: 12 } as const;
const maxTerms = 100;
const maxValues = 1_000;

/**
 * Parses the parameter `condition`, a JSON array of terms with `AND` or `OR` between them; `AND` binds tighter, as in SQL.
 * An array in the place of a term is a group in brackets (ours), and an empty one for the whole asks for nothing.
 *
 *     [{"field":{"field":"event"},"op":"=","value":{"value":"sub_tag(3)"}},"AND",
 *      {"field":{"field":"id"},"op":"IN","value":{"list":[{"value":1},{"value":2}]}}]
 *
 * Fields and operators are looked up in lists: no text of a client's goes further as a name.
 *
 * @throws {Refusal} `Invalid query`, saying what is wrong
 */
export function parseCondition<Row, Field extends string>(text: string, collection: Collection<Row, Field>): Condition<Field> {
  const parser = new Parser(collection);
  const value = parseArray(text);
  return value.length === 0 ? { kind: 'and', of: [] } : parser.group(value);
}

function parseArray(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is no JSON is no array either.
  }
  if (!Array.isArray(value)) throw invalidQuery('the condition is not a JSON array of terms.');
  try {
    checkStructure(value, bounds, 'the condition');
    checkNamesOnce(text, 'the condition');
  } catch (error) {
    throw error instanceof Refusal ? invalidQuery(error.message) : error;
  }
  return value;
}

class Parser<Row, Field extends string> {
  readonly #collection: Collection<Row, Field>;
  #terms = 0;
  #values = 0;

  constructor(collection: Collection<Row, Field>) {
    this.#collection = collection;
  }

  group(parts: readonly unknown[]): Condition<Field> {
    if (parts.length % 2 === 0) throw invalidQuery('a condition needs a term, and AND or OR between any two.');
    const alternatives: Condition<Field>[][] = [[]];
    for (const [index, part] of parts.entries()) {
      if (index % 2 === 0) alternatives.at(-1)?.push(Array.isArray(part) ? this.group(part) : this.#term(part));
      else if (part === 'OR') alternatives.push([]);
      else if (part !== 'AND') throw invalidQuery(`${shown(part)} stands where AND or OR must.`);
    }
    return { kind: 'or', of: alternatives.map((of) => ({ kind: 'and', of })) };
  }

  #term(term: unknown): Condition<Field> {
    this.#terms += 1;
    if (this.#terms > maxTerms) throw invalidQuery(`the condition has too many terms: ${maxTerms} are taken.`);
    const name = member(member(term, 'field'), 'field');
    if (typeof name !== 'string') throw invalidQuery('a term needs {"field":{"field":"…"}}.');
    const found = queryField(this.#collection, name);
    const type = valueType(this.#collection.types[found.field]);
    const target = { ...found, name, type };
    const operator = member(term, 'op');
    const value = member(term, 'value');
    switch (operator) {
      case '=':
      case '<>':
      case '<':
      case '<=':
      case '>':
      case '>=':
      case 'LIKE':
        return compare(target, operator, member(value, 'value'));
      case 'IN':
      case 'NOT IN':
        return listed(target, operator === 'NOT IN', this.#list(member(value, 'list')));
      case 'IS':
        return isNull(target, value === null || value === 'NULL' ? value : member(value, 'value'));
      default:
        throw invalidQuery(`there is no operator ${shown(operator)}. Use one of = <> < <= > >= IN, NOT IN, IS, LIKE.`);
    }
  }

  #list(list: unknown): readonly unknown[] {
    if (!Array.isArray(list) || list.length === 0) throw invalidQuery('IN needs {"list":[{"value":…}]} with a value in it.');
    this.#values += list.length;
    if (this.#values > maxValues) throw invalidQuery(`the condition has too many values: ${maxValues} are taken.`);
    return list.map((one) => member(one, 'value'));
  }
}

/** An own member of an object; undefined when there is none. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
