import { EventQueue } from './event-queue.ts';

interface Event {
  readonly at: number;
  order: number;
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** A clock that moves from one event to the next. */
export class SimulatedClock {
  /** In milliseconds since the beginning. */
  now = 0;
  /** What has happened, if it is to be kept. */
  readonly happened: string[] = [];
  readonly keeps: boolean;
  readonly #queue = new EventQueue<Event>();

  constructor(keeps: boolean) {
    this.keeps = keeps;
  }

  after(ms: number, name: string, run: Event['run']): void {
    this.#queue.add({ at: this.now + ms, order: 0, name, run });
  }

  /** Moves to the next event; undefined when nothing will happen any more. */
  next(): Event | undefined {
    const event = this.#queue.next();
    if (event) {
      this.now = event.at;
      this.keep(event.name);
    }
    return event;
  }

  keep(what: string): void {
    if (this.keeps) this.happened.push(`${this.now} ms: ${what}`);
  }
}
