import type { ClaimBounds } from './claim.ts';

/** The lanes that may have more in the storage than fitted into memory. */
export class ClippedLanes {
  /** By the number of the claim that was the last to begin when that was seen. */
  readonly #seen = new Map<number, number>();
  #claims = 0;

  get size(): number {
    return this.#seen.size;
  }

  has(lane: number): boolean {
    return this.#seen.has(lane);
  }

  add(lane: number): void {
    this.#seen.set(lane, this.#claims);
  }

  /** Begins a claim: what is added until its answer bears its number, so that the answer does not count for it. */
  beginClaim(): number {
    this.#claims += 1;
    return this.#claims;
  }

  /**
   * Adds the lanes that yielded as much as they were asked for, and forgets those that yielded less.
   *
   * @param got how many of each lane were claimed
   * @param more whether lanes may have been left out
   */
  endClaim(claim: number, got: ReadonlyMap<number, number>, { rooms, perLane }: ClaimBounds, more: boolean): void {
    for (const [lane, seen] of this.#seen) {
      const visited = (rooms.get(lane) ?? 0) > 0 || got.has(lane) || !more;
      if (seen < claim && visited) this.#seen.delete(lane);
    }
    for (const [lane, room] of rooms) if ((got.get(lane) ?? 0) >= room) this.#seen.set(lane, claim);
    for (const [lane, count] of got) if (!rooms.has(lane) && count >= perLane) this.#seen.set(lane, claim);
  }
}
