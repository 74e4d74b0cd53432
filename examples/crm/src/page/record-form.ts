import type { Kind } from '../catalog.ts';
import { html, type Html } from './html.ts';

/** One field of a form. */
interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'email' | 'number' | 'tel';
}

/** The fields that people fill in here; the API takes all of them. */
const fields: Readonly<Record<Kind, readonly Field[]>> = {
  contacts: [
    { name: 'firstname', label: 'First name' },
    { name: 'lastname', label: 'Last name' },
    { name: 'email', label: 'Email', type: 'email' },
    { name: 'cell_phone', label: 'Cell phone', type: 'tel' },
    { name: 'company', label: 'Company' },
    { name: 'city', label: 'City' },
  ],
  cars: [
    { name: 'make', label: 'Make' },
    { name: 'model', label: 'Model' },
    { name: 'year', label: 'Year', type: 'number' },
    { name: 'colour', label: 'Colour' },
    { name: 'price', label: 'Price', type: 'number' },
    { name: 'contact_id', label: 'Owner: number of a contact', type: 'number' },
  ],
};

/** What somebody has typed, by the name of the field. */
export type Typed = Readonly<Record<string, unknown>>;

/** Labels and inputs, with what was typed before. */
export function inputs(list: readonly Field[], typed: Typed): Html {
  return html`<div class="fields">
    ${list.map(
      ({ name, label, type = 'text' }) =>
        html`<label
          >${label}<input
            name="${name}"
            type="${type}"
            ${type === 'number' && html` step="any"`}
            maxlength="200"
            autocomplete="off"
            value="${textOf(typed, name)}"
        /></label>`,
    )}
  </div>`;
}

/** The form that makes a record of that kind. */
export function recordForm(kind: Kind, typed: Typed): Html {
  const [noun, topic] = kind === 'contacts' ? ['contact', 'object_create(0)'] : ['car', 'object_create(10001)'];
  return html`<section class="sheet" aria-labelledby="new">
    <h2 id="new">New ${noun}</h2>
    <form method="post" action="/crm/${kind}">
      ${inputs(fields[kind], typed)}
      <button>Create ${noun}</button> <span class="hint">emits <code>${topic}</code></span>
    </form>
  </section>`;
}

/** The fields of the form that were filled in, numbers as numbers: what is empty is left out. */
export function recordOf(kind: Kind, typed: Typed): Readonly<Record<string, string | number>> {
  const filled = fields[kind].flatMap(({ name, type }) => {
    const text = textOf(typed, name).trim();
    if (text === '') return [];
    const number = Number(text);
    return [[name, type === 'number' && Number.isFinite(number) ? number : text] as const];
  });
  return Object.fromEntries(filled);
}

/** The text that was typed into a field; empty when there is none. */
export function textOf(typed: Typed, name: string): string {
  const value = typed[name];
  return typeof value === 'string' ? value : '';
}
