/** Gathers single items into groups that are written together. */
export interface Gathering<Item, Result> {
  /** Resolves with what the group's write answered for this item; rejects when the write failed. */
  readonly add: (item: Item) => Promise<Result>;
  /** How many items wait or are being written. */
  readonly size: () => number;
  /** Resolves when nothing waits and nothing is being written. */
  readonly idle: () => Promise<void>;
}

/** How items gather. */
export interface GatherOptions<Item, Result> {
  /** The largest group. */
  readonly groupSize: number;
  /**
   * How long a group may gather, in milliseconds; 0 for until the next turn of the event loop, and `microtask` for no
   * longer than the promises that are settled already: nothing else of the process gets its turn meanwhile.
   */
  readonly waitMs: number | 'microtask';
  /** Writes a group and answers for each item, in order. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a gathering: one write at a time, and what arrives meanwhile makes up the next group. */
export function gather<Item, Result>(options: GatherOptions<Item, Result>): Gathering<Item, Result> {
  const { groupSize, waitMs } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let writing = 0;
  let timer: NodeJS.Timeout | undefined;
  let immediate = false;
  let onIdle: (() => void)[] = [];

  function schedule(): void {
    if (writing > 0 || immediate || waiting.length === 0) return;
    if (waitMs === 'microtask') {
      immediate = true;
      queueMicrotask(flush);
    } else if (waitMs === 0 || waiting.length >= groupSize) {
      immediate = true;
      clearTimeout(timer);
      timer = undefined;
      setImmediate(flush);
    } else {
      timer ??= setTimeout(flush, waitMs);
    }
  }

  function flush(): void {
    immediate = false;
    timer = undefined;
    const group = waiting.slice(0, groupSize);
    waiting = waiting.length > groupSize ? waiting.slice(groupSize) : [];
    writing = group.length;
    void writeGroup(group).finally(() => {
      writing = 0;
      schedule();
      if (waiting.length > 0) return;
      for (const resolve of onIdle) resolve();
      onIdle = [];
    });
  }

  async function writeGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.write(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        schedule();
      }),
    size: () => waiting.length + writing,
    idle: () =>
      waiting.length + writing === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onIdle.push(resolve);
          }),
  };
}
