// What the page of bins is told, in types that browsers have.

/** Whether what arrived was signed by whom it should be. */
export interface SignatureFinding {
  /** `unchecked`: it is signed, and there is nothing here to check it with. */
  readonly state: 'unsigned' | 'unchecked' | 'verified' | 'wrong';
  /** In plain words; empty when verified. */
  readonly reason: string;
}

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
