/** What a {@link isKeyText} is, for messages. */
export const keyTextRule = 'a text of 1 to 200 characters, without U+0000 and halves of surrogate pairs';

/** Whether a value can be looked up by in every storage: some cannot keep the character zero or half of a character. */
export function isKeyText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 && isStorableText(value);
}

/** Whether every storage keeps a text as it is. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
