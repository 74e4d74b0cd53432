/** Numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The values in another order. */
export function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  const left = [...values];
  for (let last = left.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    [left[last], left[chosen]] = [left[chosen] as Value, left[last] as Value];
  }
  return left;
}
