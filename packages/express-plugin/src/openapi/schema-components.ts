/** A part of a document: plain JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Gathers what schemas share. */
export interface SchemaComponents {
  /** The schema as the document has it where it is used: what has a `title` of one word in it is referred to by that name. */
  readonly use: (schema: unknown) => Json;
  /** Every schema that was referred to, by name and in that order. */
  readonly all: () => Json;
}

const componentName = /^[A-Z][A-Za-z0-9]*$/;

/** Takes TypeBox schemas apart into named components, so that what is generated from a document has names as well. */
export function schemaComponents(): SchemaComponents {
  const named = new Map<string, Json>();

  function refer(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(refer);
    if (typeof value !== 'object' || value === null) return value;
    const schema = withType(inside(value as Json));
    const { title } = schema;
    if (typeof title !== 'string' || !componentName.test(title)) return schema;
    const earlier = named.get(title);
    if (earlier && JSON.stringify(earlier) !== JSON.stringify(schema)) {
      throw new Error(`Two different schemas are called "${title}". Give each its own title.`);
    }
    named.set(title, schema);
    return { $ref: `#/components/schemas/${title}` };
  }

  /** A schema with the schemas in it referred to; examples and defaults stay as they are. */
  function inside(schema: Json): Json {
    return mapEntries(schema, (value, keyword) => {
      if (keywordsWithNames.has(keyword)) return mapEntries(value as Json, refer);
      return keywordsWithSchemas.has(keyword) ? refer(value) : value;
    });
  }

  return {
    use: (schema) => refer(schema) as Json,
    all: () => Object.fromEntries([...named].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** Keywords with schemas by name: a property may be called like a keyword. */
const keywordsWithNames = new Set(['properties', 'patternProperties']);
const keywordsWithSchemas = new Set(['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'contentSchema']);

/** A list of texts to choose from is of texts: who reads schemas by their types only takes it for anything otherwise. */
function withType(schema: Json): Json {
  const texts = Array.isArray(schema['enum']) && schema['enum'].every((one) => typeof one === 'string');
  return texts && !('type' in schema) ? { type: 'string', ...schema } : schema;
}

function mapEntries(values: Json, change: (value: unknown, name: string) => unknown): Json {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
