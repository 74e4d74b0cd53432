import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { monotonicMs } from './evidence.ts';

/** Where a victim can be told to kill itself. */
export const pointNames = [
  'after-store',
  'after-claim',
  'after-send',
  'after-answer',
  'during-record',
  'after-record',
  'during-migration',
  'during-retention',
] as const;

/** A named point. */
export type PointName = (typeof pointNames)[number];

/** The points of a victim: it dies at the armed one, by a signal that nobody can catch, and says so just before. */
export class Points {
  #armed: PointName | undefined;
  #passes = 0;
  /** Whether statements count, for the points in the middle of a call. */
  #phase: PointName | undefined;

  /** From now on, the victim dies at this point, after it has passed it so many times. */
  arm(point: PointName, passes: number): void {
    this.#armed = point;
    this.#passes = passes;
  }

  isArmed(point: PointName): boolean {
    return this.#armed === point;
  }

  /** Dies if this point is the armed one and its turn has come. */
  reached(point: PointName): void {
    if (this.#armed !== point) return;
    this.#passes -= 1;
    if (this.#passes >= 0) return;
    writeSync(1, `${JSON.stringify({ said: 'dying', point, at: monotonicMs() })}\n`);
    // By another process, which this one waits for: one that kills itself has Node clean up before.
    spawnSync('kill', ['-9', String(process.pid)]);
  }

  /** Counts the statements of a call, so that one of them can be a point. */
  async during<Result>(point: PointName, call: () => Promise<Result>): Promise<Result> {
    this.#phase = point;
    try {
      return await call();
    } finally {
      this.#phase = undefined;
    }
  }

  /** Is told of each statement that goes to the database. */
  statement(): void {
    if (this.#phase !== undefined) this.reached(this.#phase);
  }
}
