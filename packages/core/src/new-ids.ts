import { getRandomValues } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes fetched at once: fetching the 16 of one id takes five times as long as making the id of them. */
const pooledBytes = 4_096;
const bytesPerId = 16;
/** The largest number that ids of one millisecond are counted by, of the 32 bits that UUIDv7 leaves for it. */
const lastInSequence = 2 ** 31 - 1;

/**
 * Makes UUIDv7 ids, each greater than the one before, also while the clock stands still or goes back.
 *
 * @param now milliseconds since the epoch
 */
export function newIds(now: () => number): () => string {
  const pool = new Uint8Array(pooledBytes);
  let used = pooledBytes;
  let msecs = Number.NEGATIVE_INFINITY;
  let seq = 0;

  return () => {
    if (used === pooledBytes) {
      getRandomValues(pool);
      used = 0;
    }
    const random = pool.subarray(used, used + bytesPerId);
    used += bytesPerId;
    const time = Math.floor(now());
    if (time > msecs) {
      msecs = time;
      seq = beginning(random);
    } else if (seq < lastInSequence) {
      seq += 1;
    } else {
      msecs += 1;
      seq = beginning(random);
    }
    return v7({ random, msecs, seq });
  };
}

/** At random in the lower half, so that ids of two processes differ and there is room to count on. */
function beginning(random: Uint8Array): number {
  const [high = 0, middle = 0, low = 0, lowest = 0] = random;
  return ((high & 0x3f) << 24) | (middle << 16) | (low << 8) | lowest;
}
