import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** The parts of a document that tests go by; all else is behind pointers. */
export interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, { readonly name: string }>> };
}

export interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
}

/** Holds values against the schemas of a document. */
export interface DocumentChecks {
  /** The way to a part of the document, through what it refers to. @throws {Error} when there is none */
  readonly find: (pointer: string) => { readonly pointer: string; readonly value: unknown };
  /** @throws {Error} when the schema at that pointer does not take the value; `texts` when it was sent as text all through */
  readonly check: (pointer: string, value: unknown, what: string, kind?: 'texts') => void;
  /** Every example in the document that its own schema does not take. */
  readonly wrongExamples: () => readonly string[];
}

export function documentChecks(document: object): DocumentChecks {
  const exact = validators(document, {});
  const coercing = validators(document, { coerceTypes: true });

  function find(pointer: string): { readonly pointer: string; readonly value: unknown } {
    let value: unknown = document;
    for (const part of pointer.split('/').slice(1)) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      value = found((value as Readonly<Record<string, unknown>>)[name], `part ${pointer} of the document`);
    }
    const { $ref } = value as { readonly $ref?: string };
    return $ref === undefined ? { pointer, value } : find($ref.slice(1));
  }

  return {
    find,
    check(pointer, value, what, kind) {
      const validate = (kind === 'texts' ? coercing : exact)(pointer);
      if (validate(value)) return;
      throw new Error(`${what} is not as ${pointer} says: ${problemsOf(validate)}\n${JSON.stringify(value)}`);
    },
    wrongExamples() {
      const wrong: string[] = [];
      const look = (pointer: string, value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        const { schema, example, examples = {} } = value as Readonly<Record<string, unknown>>;
        if (typeof schema === 'object') {
          const named = Object.values(examples as Readonly<Record<string, { readonly value: unknown }>>);
          const validate = exact(`${pointer}/schema`);
          for (const one of [...(example === undefined ? [] : [example]), ...named.map((other) => other.value)]) {
            if (!validate(one)) wrong.push(`${pointer}: ${problemsOf(validate)}`);
          }
        }
        for (const [name, part] of Object.entries(value)) look(pointer + pointerOf(name), part);
      };
      look('', document);
      return wrong;
    },
  };
}

function validators(document: object, options: { readonly coerceTypes?: boolean }): (pointer: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, ...options });
  addFormats.default(ajv);
  ajv.addSchema(document, 'document');
  const compiled = new Map<string, ValidateFunction>();
  return (pointer) => {
    let validate = compiled.get(pointer);
    if (!validate) {
      validate = ajv.compile({ $ref: `document#${pointer.replaceAll('{', '%7B').replaceAll('}', '%7D')}` });
      compiled.set(pointer, validate);
    }
    return validate;
  };
}

function problemsOf({ errors }: ValidateFunction): string {
  return (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join(', ');
}

/** A JSON pointer of those names. */
export function pointerOf(...names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** @throws {Error} when there is none */
export function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`There is no ${what}.`);
  return value;
}
