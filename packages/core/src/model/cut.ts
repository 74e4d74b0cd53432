import { inWords } from './health.ts';
import type { Subscription } from './subscription.ts';

/** What a lane that is closed by a suspension or a pause may hold. */
export interface HeldBounds {
  /** At most how many deliveries: beyond, those that have been due for longest go. */
  readonly maxPerLane: number;
  /** At most for how long after each was due, in milliseconds, where it is suspended: a pause lasts for as long as its owner likes. */
  readonly maxAgeMs: number;
}

/** Which closed lanes to cut to their bounds. */
export interface CutRequest extends HeldBounds {
  /** At most how many deliveries to end in this call. */
  readonly limit: number;
  /** The lane after which to begin, in the order of lane ids: the `cursor` of the last answer, or 0. */
  readonly after: number;
}

/** How many deliveries of a lane were ended. */
export interface Cut {
  readonly subscription: Subscription;
  /** Because there were more than it may hold. */
  readonly tooMany: number;
  /** Because they had been due for too long. */
  readonly tooOld: number;
}

/** What was cut. */
export interface CutResult {
  /** The lanes of which something was. */
  readonly cuts: readonly Cut[];
  /** Where to go on; null once every closed lane was visited. */
  readonly cursor: number | null;
}

/**
 * Before when what a closed lane holds must have been due to be too old, in milliseconds since the epoch.
 *
 * @param now the storage's time
 */
export function oldestHeld({ health }: Pick<Subscription, 'health'>, { maxAgeMs }: HeldBounds, now: number): number {
  return health === 'paused' ? 0 : now - maxAgeMs;
}

/** What the log says of a delivery that was cut. */
export function cutReasons({ maxPerLane, maxAgeMs }: HeldBounds): { readonly tooMany: string; readonly tooOld: string } {
  return {
    tooMany: `held while its subscription was closed, beyond the newest ${maxPerLane}`,
    tooOld: `held while its subscription was closed, for longer than ${inWords(maxAgeMs)}`,
  };
}
