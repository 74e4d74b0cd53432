import type { SignatureFinding } from './bin-shapes.ts';

/** How a bin answers. */
export interface BinAnswer {
  readonly status: number;
  readonly body: string;
  readonly delayMs: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How many requests are answered so before all others get a plain 200; null for all of them. */
  readonly times: number | null;
}

/** What is known of a request's body. */
export interface ArrivedBody {
  /** The first bytes; null when a parser of the host's had them, or when there was no room. */
  readonly bytes: Buffer | null;
  /** What a parser of the host's has made of it, as JSON; null when there was none. */
  readonly parsed: string | null;
  /** How many bytes came; null when nobody counted. */
  readonly size: number | null;
  /** Whether all that came is kept. */
  readonly whole: boolean;
  /** What is to be known about it, in sentences. */
  readonly notes: readonly string[];
}

/** A request that came to a bin, kept. */
export interface Arrival {
  /** Counted in its bin, from 1. */
  readonly number: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** The same, of a clock that never jumps. */
  readonly keptAt: number;
  /** Counted over all bins. */
  readonly order: number;
  readonly method: string;
  /** Below the bin: empty, or what begins with a slash. */
  readonly path: string;
  readonly query: string;
  /** As they came: names in their case, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly contentType: string;
  readonly body: ArrivedBody;
  readonly webhookId: string | null;
  /** 1, and one more each time a `webhook-id` comes again. */
  readonly attempt: number;
  readonly signature: SignatureFinding;
  readonly answered: { readonly status: number; readonly delayMs: number };
  /** What keeping it costs. */
  readonly weight: number;
}

/** What those who look at a bin are told of. */
export type BinNotice = { readonly kind: 'arrival'; readonly arrival: Arrival } | { readonly kind: 'changed' | 'gone' };

/** A URL that keeps what is sent to it. */
export interface Bin {
  /** 128 random bits: whoever knows it may send. */
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  /** Of a clock that never jumps. */
  usedAt: number;
  answer: BinAnswer;
  /** How many requests were answered since the answer was chosen. */
  answeredSince: number;
  /** Oldest first. */
  arrivals: Arrival[];
  nextNumber: number;
  readonly watchers: Set<(notice: BinNotice) => void>;
}

/** How a new bin answers. */
export const plainAnswer: BinAnswer = { status: 200, body: '', delayMs: 0, headers: [], times: null };
