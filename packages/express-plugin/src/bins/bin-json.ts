import type { Arrival, Bin, SignatureFinding } from './bin.ts';

/** A bin as its page is told of it. */
export interface BinJson {
  readonly id: string;
  readonly createdAt: number;
  readonly answer: {
    readonly status: number;
    readonly body: string;
    readonly delayMs: number;
    /** Lines of `Name: value`. */
    readonly headers: string;
    readonly times: number | null;
  };
  /** How many requests were answered since the answer was chosen. */
  readonly answeredSince: number;
  readonly requests: number;
  /** When the last one came; null when none is kept. */
  readonly lastAt: number | null;
}

/** A request as lists show it. */
export interface ArrivalJson {
  readonly number: number;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string;
  readonly size: number | null;
  readonly webhookId: string | null;
  readonly attempt: number;
  readonly signature: SignatureFinding;
  readonly answered: { readonly status: number; readonly delayMs: number };
}

/** A request with all that is kept of it. */
export interface WholeArrivalJson extends ArrivalJson {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** In base64; null when they are not known. */
  readonly bytes: string | null;
  /** What a parser of the host's has made of the body, as JSON; null when there was none. */
  readonly parsed: string | null;
  /** Whether `bytes` is all that came. */
  readonly whole: boolean;
  readonly notes: readonly string[];
}

export function binJson({ id, createdAt, answer, answeredSince, arrivals }: Bin): BinJson {
  const headers = answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  return {
    id,
    createdAt,
    answer: { ...answer, headers },
    answeredSince,
    requests: arrivals.length,
    lastAt: arrivals.at(-1)?.at ?? null,
  };
}

export function arrivalJson(arrival: Arrival): ArrivalJson {
  const { number, at, method, path, query, contentType, body, webhookId, attempt, signature, answered } = arrival;
  return { number, at, method, path, query, contentType, size: body.size, webhookId, attempt, signature, answered };
}

export function wholeArrivalJson(arrival: Arrival): WholeArrivalJson {
  const { bytes, parsed, whole, notes } = arrival.body;
  return { ...arrivalJson(arrival), headers: arrival.headers, bytes: bytes?.toString('base64') ?? null, parsed, whole, notes };
}
