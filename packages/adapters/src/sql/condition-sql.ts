import { valueType, type Condition, type FieldTypes } from '@hookwell/core';
import { expressionBuilder, sql, type Expression, type SqlBool } from 'kysely';

/** The fields that a condition may name: their columns, or what stands for one, and what these hold. */
export interface QueryFields<Field extends string = string> {
  readonly columns: Readonly<Record<Field, Expression<unknown>>>;
  readonly types: FieldTypes<Field>;
}

/** What differs between databases. */
export interface ConditionDialect {
  /** LIKE that ignores the case of ASCII letters, of them only, and knows no escape. */
  readonly like: (text: Expression<unknown>, pattern: string) => Expression<SqlBool>;
  /** A value to compare a column with that holds the same kind. */
  readonly value: (value: string | number) => Expression<unknown>;
  /** Whether a column holds one of the values, which are of its kind. */
  readonly in: (column: Expression<unknown>, values: readonly (string | number)[], negated: boolean) => Expression<SqlBool>;
}

const build = expressionBuilder<Record<string, never>>();
const isTrue = sql<SqlBool>`1 = 1`;
const isFalse = sql<SqlBool>`1 = 0`;

/**
 * A condition that `checkQuery` has let pass, as SQL that is true for the same rows as `meets` of the model: no name and
 * no operator comes from the caller's text, and every value is a parameter.
 */
export function conditionSql<Field extends string>(
  condition: Condition<Field> | null,
  fields: QueryFields<Field>,
  dialect: ConditionDialect,
): Expression<SqlBool> {
  if (condition === null) return isTrue;
  switch (condition.kind) {
    case 'and':
    case 'or':
      return combine(
        condition.kind,
        condition.of.map((part) => conditionSql(part, fields, dialect)),
      );
    case 'null':
      return build(columnSql(condition.field, fields), condition.negated ? 'is not' : 'is', null);
    case 'in':
      return inSql(condition, fields, dialect);
    case 'compare':
      return compareSql(condition, fields, dialect);
  }
}

/** The column of a field that `checkQuery` has let pass. */
export function columnSql<Field extends string>(field: Field, { columns }: QueryFields<Field>): Expression<unknown> {
  return columns[field];
}

/** Halves long lists, so that the expression's depth grows with the logarithm of their length: databases limit it. */
function combine(kind: 'and' | 'or', parts: readonly Expression<SqlBool>[]): Expression<SqlBool> {
  const [first, second] = parts;
  if (!first) return kind === 'and' ? isTrue : isFalse;
  if (!second) return first;
  const half = Math.ceil(parts.length / 2);
  return build[kind]([combine(kind, parts.slice(0, half)), combine(kind, parts.slice(half))]);
}

function inSql<Field extends string>(
  { field, values, negated }: Extract<Condition<Field>, { kind: 'in' }>,
  fields: QueryFields<Field>,
  dialect: ConditionDialect,
): Expression<SqlBool> {
  const column = columnSql(field, fields);
  const comparable = values.filter((value) => typeof value === valueType(fields.types[field]));
  if (comparable.length === 0) return negated ? build(column, 'is not', null) : isFalse;
  return dialect.in(column, comparable, negated);
}

function compareSql<Field extends string>(
  { field, operator, value }: Extract<Condition<Field>, { kind: 'compare' }>,
  fields: QueryFields<Field>,
  dialect: ConditionDialect,
): Expression<SqlBool> {
  const column = columnSql(field, fields);
  if (operator === 'LIKE') return dialect.like(column, String(value));
  if (typeof value === valueType(fields.types[field])) return build(column, operator, dialect.value(value));
  return operator === '<>' ? build(column, 'is not', null) : isFalse;
}
