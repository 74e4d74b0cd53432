import type { Socket } from 'node:net';

/** How large the headers of an answer may be, in bytes. */
export const maxHeaderBytes = 16_384;

/** The headers and the body that may be read, and what one read may bring on top, in bytes. */
export const maxAnswerBytes = maxHeaderBytes + 65_536 + 65_536;

/** Who reads an answer. */
export interface Reader {
  /** Whether the headers of the answer itself have ended. */
  readonly hasHeaders: () => boolean;
  /** More has arrived than any answer may have. */
  readonly overflow: () => void;
}

/** One connection to a receiver, as far as it says what may have become of a request. */
export class Connection {
  /** Answers that came over it. */
  answers = 0;
  #reader: Reader | undefined;
  #readBefore = 0;
  #parsed = 0;
  #socket: Socket | undefined;
  /** No less than the time that its bytes take to the receiver and back, in milliseconds. */
  #roundTripMs = 0;
  readonly #onFree: () => void;

  /** @param onFree is told when it may have the next request */
  constructor(onFree: () => void = () => undefined) {
    this.#onFree = onFree;
  }

  /** @param tookMs how long that took; TLS takes two round trips or more, plain connections one */
  opened(tookMs: number, secure: boolean): void {
    this.answers = 0;
    this.#roundTripMs = secure ? tookMs / 2 : tookMs;
  }

  /**
   * Tells when more arrives than an answer may have in all. Where neither headers nor body grow, nobody else counts: a reason,
   * a chunk's extension and answers before the answer have no end that the parser knows of.
   */
  watch(reader: Reader): void {
    this.#reader = reader;
    this.#parsed = 0;
    this.#readBefore = this.#socket?.bytesRead ?? 0;
  }

  /** How much has arrived of the answer, what the parser has not looked at yet included, in bytes. */
  arrivedBytes(): number {
    return (this.#socket?.bytesRead ?? 0) - this.#readBefore;
  }

  /** Counts what arrives over it. */
  over(socket: Socket): void {
    this.#reader = undefined;
    this.#socket = socket;
    socket.on('readable', () => {
      const reader = this.#reader;
      if (reader === undefined) return;
      const arrived = this.arrivedBytes();
      // What had arrived when this ran last has been parsed since.
      if (arrived > maxAnswerBytes || (this.#parsed > maxHeaderBytes && !reader.hasHeaders())) reader.overflow();
      this.#parsed = arrived;
    });
  }

  answered(tookMs: number): void {
    this.answers += 1;
    this.#reader = undefined;
    if (tookMs < this.#roundTripMs) this.#roundTripMs = tookMs;
  }

  /** Takes note that its request has ended, whatever came of it. */
  free(): void {
    this.#onFree();
  }

  /**
   * Whether something that is seen so long after a request was written began before the request arrived. The time of a
   * round trip is only known from above, hence the half of it; and where it is so short that it is mostly the time of
   * this process, the answer is no.
   */
  isBeforeArrival(sinceWrittenMs: number): boolean {
    return this.#roundTripMs >= measurableMs && sinceWrittenMs < this.#roundTripMs / 2;
  }
}

/** The shortest round trip that can be told from the work of this process, in milliseconds. */
const measurableMs = 10;
