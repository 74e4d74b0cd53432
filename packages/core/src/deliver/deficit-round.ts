/**
 * Members in turn: deficit round-robin, paid afterwards. Each turn is worth one unit; who was charged more lets turns pass
 * until it is paid, so that in the long run all get the same share, whatever theirs cost.
 */
export class DeficitRound<Member> {
  /** What each member has left, in the order of their turns. */
  readonly #credits = new Map<Member, number>();

  get size(): number {
    return this.#credits.size;
  }

  /** Lets a member take part, behind all others; does nothing when it does already. */
  add(member: Member): void {
    if (!this.#credits.has(member)) this.#credits.set(member, 0);
  }

  delete(member: Member): void {
    this.#credits.delete(member);
  }

  /** The member whose turn it is, which is then behind all others; undefined when there is none. */
  next(): Member | undefined {
    for (const [member, credit] of this.#credits) {
      this.#credits.delete(member);
      this.#credits.set(member, Math.min(credit + 1, 0));
      if (credit >= 0) return member;
    }
    return undefined;
  }

  /** Makes a member pay for its turn beyond the one unit: so many more turns of its own pass without it. */
  charge(member: Member, units: number): void {
    const credit = this.#credits.get(member);
    if (credit !== undefined) this.#credits.set(member, credit - units);
  }
}
