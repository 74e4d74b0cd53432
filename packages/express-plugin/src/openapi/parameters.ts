import type { TObject } from 'typebox';
import type { Json } from './schema-components.ts';

/**
 * The parameters of a path or a query, as the document has them. A list is written with commas between. Only what must be
 * sent has an example of its own: pages fill that in, and what need not be sent changes what a call does.
 */
export function parametersOf(schema: TObject | null, where: 'path' | 'query', use: (schema: unknown) => Json): readonly Json[] {
  if (!schema) return [];
  const needed = new Set(schema.required as readonly string[] | undefined);
  return Object.entries(schema.properties as Readonly<Record<string, Json>>).map(([name, property]) => {
    const { description, examples, ...rest } = property;
    const [example] = (examples as readonly unknown[] | undefined) ?? [];
    const required = where === 'path' || needed.has(name);
    const parameter: Record<string, unknown> = { name, in: where, required };
    if (description !== undefined) parameter['description'] = description;
    if (property['type'] === 'array') Object.assign(parameter, { style: 'form', explode: false });
    parameter['schema'] = use(required || examples === undefined ? rest : { ...rest, examples });
    if (required && example !== undefined) parameter['example'] = example;
    return parameter;
  });
}
