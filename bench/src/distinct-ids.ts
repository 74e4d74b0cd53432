/** Counts how many different ids there are, without making strings of them. */
export interface DistinctIds {
  /** Takes an id that stands in a buffer. */
  readonly add: (buffer: Uint8Array, start: number, end: number) => void;
  readonly count: () => number;
}

/**
 * Makes a count of ids for a run that has so many of them. Ids are told apart by 64 bits made of their bytes: two that
 * agree in all of them, which one run in a billion has, would be counted as one, and the run refused.
 */
export function distinctIds(expected: number): DistinctIds {
  // At most half full, so that a free place is near.
  const places = 2 ** Math.ceil(Math.log2(Math.max(expected, 1) * 2 + 2));
  const table = new Uint32Array(places * 2);
  let count = 0;
  return {
    add(buffer, start, end) {
      let high = 0x811c9dc5;
      let low = 0x9747b28c;
      for (let at = start; at < end; at += 1) {
        const byte = buffer[at] as number;
        high = Math.imul(high ^ byte, 0x01000193);
        low = Math.imul(low ^ byte, 0x85ebca6b);
        low ^= low >>> 15;
      }
      high = (high ^ (high >>> 16)) >>> 0;
      // Zeros are what a free place has.
      low = low >>> 0 || 1;
      let place = (high ^ low) & (places - 1);
      while (table[place * 2 + 1] !== 0) {
        if (table[place * 2] === high && table[place * 2 + 1] === low) return;
        place = (place + 1) & (places - 1);
      }
      // More than expected are too many, however many more.
      if (count > expected) return;
      table[place * 2] = high;
      table[place * 2 + 1] = low;
      count += 1;
    },
    count: () => count,
  };
}
