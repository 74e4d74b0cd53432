import type { StoredEvent } from './event.ts';
import type { SmallTexts } from './small-texts.ts';

/** When an event may be sent, in milliseconds since the epoch; null where nothing was said. */
export interface EventTimes {
  /** Not before then. */
  readonly deliverAt: number | null;
  /** Not from then on. */
  readonly expiresAt: number | null;
}

const names = { deliverAt: 'hookwell:deliver-at', expiresAt: 'hookwell:expires-at' } as const;

/** What is kept beside an event that has times: nothing of one that has none. */
export function timesMetadata({ deliverAt, expiresAt }: EventTimes): SmallTexts {
  return {
    ...(deliverAt === null ? {} : { [names.deliverAt]: String(deliverAt) }),
    ...(expiresAt === null ? {} : { [names.expiresAt]: String(expiresAt) }),
  };
}

/** Before when an event is not to be sent; null when it may be at once. */
export function deliverAtOf({ metadata }: Pick<StoredEvent, 'metadata'>): number | null {
  const text = metadata[names.deliverAt];
  return text === undefined ? null : Number(text);
}

/** From when on an event is not to be sent any more; null when there is no such time. */
export function expiresAtOf({ metadata }: Pick<StoredEvent, 'metadata'>): number | null {
  const text = metadata[names.expiresAt];
  return text === undefined ? null : Number(text);
}

/**
 * Why an event is not to be sent any more, for the log; null while it may be.
 *
 * @param now milliseconds since the epoch
 */
export function whyExpired(event: Pick<StoredEvent, 'metadata'>, now: number): string | null {
  const expiresAt = expiresAtOf(event);
  return expiresAt === null || now < expiresAt ? null : `expired: not to be sent from ${inIso(expiresAt)} on`;
}

/** An instant as texts for people have it. */
export function inIso(instant: number): string {
  return new Date(instant).toISOString();
}
