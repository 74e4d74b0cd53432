/** Something that whoever started the program can put right; shown as one message, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
