import type { TObject } from 'typebox';
import type { Json } from './schema-components.ts';

/** The parameters of a path or a query, as the document has them. A list is written with commas between. */
export function parametersOf(schema: TObject | null, where: 'path' | 'query', use: (schema: unknown) => Json): readonly Json[] {
  if (!schema) return [];
  const required = new Set(schema.required as readonly string[] | undefined);
  return Object.entries(schema.properties as Readonly<Record<string, Json>>).map(([name, property]) => {
    const { description, examples, ...rest } = property;
    const example = Array.isArray(examples) ? (examples as readonly unknown[])[0] : undefined;
    return {
      name,
      in: where,
      required: where === 'path' || required.has(name),
      ...(description === undefined ? {} : { description }),
      ...(property['type'] === 'array' ? { style: 'form', explode: false } : {}),
      schema: use(rest),
      ...(example === undefined ? {} : { example }),
    };
  });
}
