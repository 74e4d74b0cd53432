import { types } from 'node:util';
import { HookwellError } from '../errors.ts';
import { inIso, type EventTimes } from '../model/event-times.ts';
import { shown } from '../model/shown.ts';

/** How far ahead an event may be told to be delivered, in days. */
const maxDaysAhead = 365;

/** The times that a host may give an event. */
export interface TimesInput {
  readonly deliverAt?: Date | number | undefined;
  readonly expiresAt?: Date | number | undefined;
}

/**
 * The times of an event: of one that may be sent at once, and one whose time has come already, no `deliverAt`.
 *
 * @throws {HookwellError} `invalid_input` for what is no time, too far ahead, or leaves no time to send it in
 */
export function checkTimes(input: TimesInput, now: () => number): EventTimes | null {
  if (input.deliverAt === undefined && input.expiresAt === undefined) return null;
  const at = now();
  const deliverAt = input.deliverAt === undefined ? at : instantOf('deliverAt', input.deliverAt);
  if (deliverAt > at + maxDaysAhead * 86_400_000) {
    const rule = `it is more than ${maxDaysAhead} days ahead; emit the event later, or pass an earlier time`;
    throw refused('deliverAt', input.deliverAt, rule);
  }
  const expiresAt = input.expiresAt === undefined ? null : instantOf('expiresAt', input.expiresAt);
  if (expiresAt !== null && expiresAt <= Math.max(at, deliverAt)) {
    const than = deliverAt > at ? `deliverAt (${inIso(deliverAt)})` : `now (${inIso(at)})`;
    throw refused('expiresAt', input.expiresAt, `it is not later than ${than}, so the event could never be sent`);
  }
  return { deliverAt: deliverAt > at ? deliverAt : null, expiresAt };
}

/**
 * An instant that a host gives, in whole milliseconds since the epoch.
 *
 * @throws {HookwellError} `invalid_input`
 */
export function instantOf(name: string, given: unknown): number {
  const instant = types.isDate(given) ? given.getTime() : given;
  if (typeof instant === 'number' && Number.isFinite(instant) && instant >= 0 && instant <= 8.64e15) return Math.floor(instant);
  throw refused(name, given, 'pass a valid Date or milliseconds since the epoch');
}

function refused(name: string, value: unknown, rule: string): HookwellError {
  return new HookwellError('invalid_input', `Invalid ${name} ${shown(value)}: ${rule}.`, { value });
}
