import { typeInWords, valueInWords, type OptionSchema } from './describe-option.ts';
import type { OptionOwner } from './option-owner.ts';

const intro = `# Options

<!-- Written by \`npm run generate -w docs\` from the schemas of the options. Change those, not this page. -->

Every option of every function that takes options. Names with a dot are nested: \`retry.jitter\` is written
\`{ retry: { jitter: 0.2 } }\`. A name that does not exist, or a value outside its bounds, is refused with
[\`invalid_option\`](errors.md#invalid_option) when the function is called; nothing is clamped in silence. Names that end
in \`Ms\` are milliseconds. \`memoryStorage()\` takes no options.
`;

/** The page of all options. */
export function optionsPage(owners: readonly OptionOwner[]): string {
  return [intro, ...owners.map(ownerSection)].join('\n');
}

function ownerSection(owner: OptionOwner): string {
  const { schema } = owner;
  for (const name of [...Object.keys(owner.types), ...Object.keys(owner.defaults ?? {})]) {
    if (!propertyAt(schema, name))
      throw new Error(`${owner.name} has no option "${name}": take it out of docs/src/option-owners.ts.`);
  }
  return `## ${owner.name}\n\n\`import ${owner.isType ? 'type ' : ''}{ ${owner.name} } from '${owner.from}'\`. ${owner.about}\n\n${optionLines(owner, schema, '').join('\n')}\n`;
}

function propertyAt(schema: OptionSchema, path: string): OptionSchema | undefined {
  return path.split('.').reduce<OptionSchema | undefined>((at, name) => at?.properties?.[name], schema);
}

function optionLines(owner: OptionOwner, { properties = {}, required = [] }: OptionSchema, prefix: string): string[] {
  const lines: string[] = [];
  for (const [name, schema] of Object.entries(properties)) {
    const path = `${prefix}${name}`;
    if (schema.description === undefined) throw new Error(`The option "${path}" of ${owner.name} has no description.`);
    if (schema.properties) {
      lines.push(`- **\`${path}\`**: ${schema.description}`);
      for (const line of optionLines(owner, schema, `${path}.`)) lines.push(`  ${line}`);
    } else {
      const type = owner.types[path] ?? typeInWords(name, schema);
      const rule = `${type.charAt(0).toUpperCase()}${type.slice(1)}; ${defaultOf(owner, path, name, schema, required)}.`;
      lines.push(`- **\`${path}\`**: ${schema.description}\\`, `  ${rule}`);
    }
  }
  return lines;
}

function defaultOf(owner: OptionOwner, path: string, name: string, schema: OptionSchema, required: readonly string[]): string {
  const written = owner.defaults?.[path];
  if (written !== undefined) return `default ${written}`;
  if (schema.default !== undefined) return `default ${valueInWords(name, schema.default)}`;
  return required.includes(name) ? 'required' : 'no default';
}
