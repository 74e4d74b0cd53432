/** A request that is answered with an error: the HTTP status, and a text that says what is wrong. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** 400, with what is wrong in a sentence. */
export function malformed(problem: string): Refusal {
  return new Refusal(400, problem);
}

/** 400 `Invalid query`, with what is wrong behind a colon. */
export function invalidQuery(problem: string): Refusal {
  return malformed(`Invalid query: ${problem}`);
}

/** A value as an error may repeat it: in quotes, control characters escaped, and not at length. */
export function shown(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? cut(value) : value) ?? 'nothing';
  return text.length > 110 ? `${text.slice(0, 100).toWellFormed()}…` : text;
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100).toWellFormed()}…` : text;
}
