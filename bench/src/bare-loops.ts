import { randomUUID } from 'node:crypto';
import type { Contestant, Prepared } from './contestant.ts';
import { openSender } from './sender.ts';
import { bodyOf, contact, inFlight, lanesOf, type Workload } from './workload.ts';

/**
 * undici's `dispatch`, 100 requests in flight: as little as a sender can do. Nothing is stored, nothing is tried again. It
 * does what every contestant does within the measured time: takes the record, writes the body for each subscription as
 * JSON, signs it and sends it.
 */
export const dispatchLoop = bareLoop('dispatch', 'bare undici dispatch loop');

/** The same with undici's `request`, which is how most people would write it. */
export const requestLoop = bareLoop('request', 'bare undici request loop');

function bareLoop(name: 'dispatch' | 'request', what: string): Contestant {
  return {
    name,
    what,
    async prepare(_mode, workload, origins) {
      return prepare(name, workload, origins);
    },
  };
}

function prepare(by: 'dispatch' | 'request', { records, fanOut }: Workload, origins: readonly string[]): Prepared {
  const sender = openSender(by, origins);
  let pending = 0;
  let problem: Error | null = null;
  let onSettled = (): void => {};

  function start(lane: number, record: ReturnType<typeof contact>, onEnd: () => void): void {
    pending += 1;
    sender.send(lane, randomUUID(), bodyOf(lane, fanOut, record), (failed) => {
      problem ??= failed;
      pending -= 1;
      onEnd();
      if (pending === 0) onSettled();
    });
  }

  return {
    async sendAll() {
      let number = 0;
      let record = contact(0);
      let lanes: readonly number[] = [];
      let next = 0;
      const startNext = (): void => {
        if (next === lanes.length) {
          if (number === records) return;
          number += 1;
          record = contact(number);
          lanes = lanesOf(number, fanOut);
          next = 0;
        }
        const lane = lanes[next] as number;
        next += 1;
        start(lane, record, startNext);
      };
      for (let started = 0; started < inFlight; started += 1) startNext();
    },
    send(number) {
      const record = contact(number);
      for (const lane of lanesOf(number, fanOut)) start(lane, record, () => {});
    },
    async settled() {
      if (pending > 0) {
        await new Promise<void>((resolve) => {
          onSettled = resolve;
        });
      }
      if (problem) throw problem;
    },
    close: sender.close,
  };
}
