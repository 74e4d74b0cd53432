/** A form as its brackets have it. */
export type FormValue = string | FormFields | readonly FormValue[];
interface FormFields {
  [name: string]: FormValue;
}

const maxPairs = 2_000;
const maxDepth = 32;

/** Puts a form together as PHP does: `a[b]=1&a[c][]=2` is `{a: {b: "1", c: ["2"]}}`. Null when it is too large for that. */
export function decodeForm(text: string): FormValue | null {
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > maxPairs) return null;
  const fields = empty();
  for (const [name, value] of pairs) {
    const path = pathOf(name);
    if (path.length > maxDepth) return null;
    put(fields, path, value);
  }
  return listed(fields);
}

/** Without a prototype every name is as good as another. */
function empty(): FormFields {
  return Object.create(null) as FormFields;
}

function pathOf(name: string): readonly string[] {
  const [, first, rest = ''] = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(name) ?? [];
  return first === undefined ? [name] : [first, ...rest.slice(1, -1).split('][')];
}

function put(fields: FormFields, path: readonly string[], value: string): void {
  let at = fields;
  for (const [index, part] of path.entries()) {
    const name = part === '' && index > 0 ? String(Object.keys(at).length) : part;
    if (index === path.length - 1) {
      at[name] = value;
      return;
    }
    const inner = at[name];
    if (typeof inner === 'object') {
      at = inner as FormFields;
    } else {
      const made = empty();
      at[name] = made;
      at = made;
    }
  }
}

/** Fields that are numbered from 0 are a list. */
function listed(value: FormValue): FormValue {
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([name], index) => name === String(index)))
    return entries.map(([, part]) => listed(part));
  const fields = empty();
  for (const [name, part] of entries) fields[name] = listed(part);
  return fields;
}
