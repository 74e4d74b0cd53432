/** Rows by group and key; a group without rows takes no memory. */
export class Groups<Key, Row> {
  readonly #groups = new Map<string, Map<Key, Row>>();

  /** The rows of a group, in the order in which their keys were first set. */
  of(group: string): ReadonlyMap<Key, Row> {
    return this.#groups.get(group) ?? new Map<Key, Row>();
  }

  all(): Iterable<readonly [group: string, rows: ReadonlyMap<Key, Row>]> {
    return this.#groups;
  }

  set(group: string, key: Key, row: Row): void {
    const rows = this.#groups.get(group);
    if (rows) rows.set(key, row);
    else this.#groups.set(group, new Map([[key, row]]));
  }

  delete(group: string, key: Key): void {
    const rows = this.#groups.get(group);
    rows?.delete(key);
    if (rows?.size === 0) this.#groups.delete(group);
  }
}
