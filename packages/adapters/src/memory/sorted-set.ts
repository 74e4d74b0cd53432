import sortedBtree from 'sorted-btree';

/** The package is CommonJS: what it calls its default export is a property of what Node imports. */
const BTree = sortedBtree.default;

/** Items in an order, none equal to another. Finding, adding and deleting one take time that grows with the logarithm of their number. */
export class SortedSet<Item extends object> {
  readonly #tree;

  constructor(order: (a: Item, b: Item) => number) {
    this.#tree = new BTree<Item, undefined>(undefined, order);
  }

  get size(): number {
    return this.#tree.size;
  }

  add(item: Item): void {
    this.#tree.set(item, undefined);
  }

  delete(item: Item): void {
    this.#tree.delete(item);
  }

  /** The first item after a bound, which need not be in the set. */
  after(bound: Item): Item | undefined {
    return this.#tree.nextHigherKey(bound);
  }

  /** The last item before a bound, which need not be in the set. */
  before(bound: Item): Item | undefined {
    return this.#tree.nextLowerKey(bound);
  }

  /** The items from the first one on, or from a bound on, which need not be in the set. */
  from(bound?: Item): IterableIterator<Item> {
    return this.#tree.keys(bound);
  }
}

/** How two texts, such as ids, are ordered. */
export function orderTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
