/** A field of a form, under its name with brackets. */
export interface FormField {
  readonly name: string;
  readonly value: string;
}

/** The fields of a form-encoded body, in their order; what cannot be decoded stays as it is. */
export function formFields(body: string): FormField[] {
  if (body === '') return [];
  return body.split('&').map((pair) => {
    const end = pair.indexOf('=');
    return { name: decode(end < 0 ? pair : pair.slice(0, end)), value: end < 0 ? '' : decode(pair.slice(end + 1)) };
  });
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
