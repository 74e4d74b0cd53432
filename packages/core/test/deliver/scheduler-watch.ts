import type { Turn, UnderWay } from '../../src/deliver/lane.ts';
import type { LaneLimits, Lanes } from '../../src/deliver/lanes.ts';
import { violated } from './violation.ts';
import { nothingReached, type Reached, type WatchedAccount, type WatchedLane } from './watched.ts';

const turns = ['fresh', 'retry', 'slow'] as const;

/** Keeps its own count of what the scheduler does, and compares. */
export class SchedulerWatch {
  readonly lanes: readonly WatchedLane[];
  readonly reached: Reached = nothingReached();
  readonly #scheduler: Lanes;
  readonly #limits: LaneLimits;
  readonly #accounts: readonly WatchedAccount[];
  readonly #mostRetries: number;
  readonly #mostSlowOfAccount: number;
  slots = 0;
  #retrySlots = 0;
  #slow = 0;
  #memory = 0;
  #freshInARow = 0;
  #maxUnits = 0;
  #checks = 0;

  constructor(scheduler: Lanes, limits: LaneLimits, accountIds: readonly string[]) {
    this.#scheduler = scheduler;
    this.#limits = limits;
    this.#mostRetries = Math.max(1, Math.floor(0.3 * limits.concurrency));
    this.#mostSlowOfAccount = Math.max(1, Math.floor(limits.slowConcurrency / 2));
    const accounts = new Map<string, WatchedAccount>();
    this.lanes = accountIds.map((accountId, index) => {
      const account = accounts.get(accountId) ?? { lanes: [], slots: 0, slow: 0 };
      accounts.set(accountId, account);
      const lane: WatchedLane = {
        id: index + 1,
        account,
        limit: undefined,
        reserved: 0,
        fresh: 0,
        retry: 0,
        inFlight: 0,
        recording: 0,
        passedOver: { fresh: 0, retry: 0, slow: 0 },
        behindItsAccount: 0,
      };
      account.lanes.push(lane);
      return lane;
    });
    this.#accounts = [...accounts.values()];
  }

  took(lane: WatchedLane): void {
    lane.reserved += 1;
    this.#memory += 1;
  }

  enqueued(lane: WatchedLane, isRetry: boolean): void {
    lane.reserved -= 1;
    lane[isRetry ? 'retry' : 'fresh'] += 1;
  }

  /** What waits is handed back, and has its place until that is written. */
  handedBack(lane: WatchedLane, isRetry: boolean): void {
    lane[isRetry ? 'retry' : 'fresh'] -= 1;
    lane.recording += 1;
    this.#settle();
  }

  unreserved(lane: WatchedLane): void {
    lane.reserved -= 1;
    this.#memory -= 1;
  }

  left(lane: WatchedLane): void {
    lane.recording -= 1;
    this.#memory -= 1;
  }

  started(lane: WatchedLane, request: UnderWay, isRetry: boolean): void {
    const { holds } = request;
    const { limit } = request.lane;
    if (lane.inFlight >= limit.current)
      violated(`lane ${lane.id} starts a request beside ${lane.inFlight}, its limit is ${limit.current}`);
    if (limit.isSlow !== (holds === 'slow'))
      violated(`lane ${lane.id} is ${limit.isSlow ? 'slow' : 'not slow'} and starts as ${holds}`);
    if (holds !== 'slow' && isRetry !== (holds === 'retry')) violated(`a delivery of lane ${lane.id} starts as ${holds}`);
    this.#maxUnits = Math.max(this.#maxUnits, Math.min(3, Math.floor(limit.durationMs / 100)));
    this.#passOverAll(lane, holds);
    lane.limit = limit;
    lane[isRetry ? 'retry' : 'fresh'] -= 1;
    lane.inFlight += 1;
    this.#count(lane, holds, 1);
    this.reached.starts += 1;
    if (holds === 'retry') this.reached.retries += 1;
    if (holds === 'slow') this.reached.slowStarts += 1;
    this.#checkLimits();
    this.#settle();
  }

  /** A request goes on in a place beside the slots. */
  gaveUpSlot(lane: WatchedLane, held: Turn): void {
    this.#count(lane, held, -1);
    this.#count(lane, 'slow', 1);
    this.#checkLimits();
    this.#settle();
  }

  ended(lane: WatchedLane, holds: Turn): void {
    lane.inFlight -= 1;
    lane.recording += 1;
    this.#count(lane, holds, -1);
    this.#settle();
  }

  /** Compares, at a moment at which all that may start has been started. */
  check(): void {
    const { lanes, slots } = this;
    this.#checkLimits();
    const scheduler = this.#scheduler;
    if (scheduler.taken !== this.#memory)
      violated(`${scheduler.taken} places are taken, and ${this.#memory} deliveries in memory`);
    if (scheduler.room < 0) violated(`room for ${scheduler.room} deliveries`);
    const hasFree = slots < this.#limits.concurrency;
    if (hasFree && scheduler.hasNext) violated('a slot is free and something may start');
    for (const lane of lanes) {
      for (const turn of turns)
        if (this.#mayStart(lane, turn) && this.#hasPlace(turn)) violated(`lane ${lane.id} could start a ${turn} request`);
    }
    this.#checks += 1;
    if (this.#checks % 8 === 0) this.compareLanes();
  }

  /** Compares lane by lane. */
  compareLanes(): void {
    let inMemory = 0;
    for (const { subscriptionId, waiting, inFlight } of this.#scheduler.list()) {
      const lane = this.lanes[subscriptionId - 1] as WatchedLane;
      inMemory += lane.reserved + waiting + inFlight + lane.recording;
      if (waiting !== lane.fresh + lane.retry)
        violated(`in lane ${lane.id} wait ${waiting}, not ${lane.fresh} and ${lane.retry} retries`);
      if (inFlight !== lane.inFlight) violated(`in lane ${lane.id} are ${inFlight} under way, not ${lane.inFlight}`);
    }
    if (inMemory !== this.#memory) violated(`the lanes have ${inMemory} deliveries, and ${this.#memory} are in memory`);
  }

  /** Compares when all is over. */
  checkEmpty(): void {
    this.compareLanes();
    const scheduler = this.#scheduler;
    if (this.#memory + scheduler.taken + scheduler.list().length > 0) violated(`${this.#memory} deliveries are left in memory`);
    if (this.slots + this.#slow + this.#retrySlots > 0) violated(`${this.slots} slots and ${this.#slow} slow places are left`);
  }

  #checkLimits(): void {
    const { reached } = this;
    const { concurrency, accountConcurrency, slowConcurrency, maxDeliveriesInMemory } = this.#limits;
    if (this.slots >= concurrency) atMost(this.slots, concurrency, 'slots', reached, 'allSlots');
    if (this.#retrySlots >= this.#mostRetries)
      atMost(this.#retrySlots, this.#mostRetries, 'slots of retries', reached, 'allRetrySlots');
    if (this.#slow >= slowConcurrency) atMost(this.#slow, slowConcurrency, 'slow places', reached, 'allSlowPlaces');
    if (this.#memory >= maxDeliveriesInMemory)
      atMost(this.#memory, maxDeliveriesInMemory, 'places in memory', reached, 'allMemory');
    for (const { slots, slow } of this.#accounts) {
      if (slots >= accountConcurrency) atMost(slots, accountConcurrency, 'slots of an account', reached, 'allOfAnAccount');
      if (slow >= this.#mostSlowOfAccount)
        atMost(slow, this.#mostSlowOfAccount, 'slow places of an account', reached, 'halfOfSlowPlaces');
    }
  }

  /**
   * Others start, and this is how often they may: a lane waits for each other one of its account once, and one time more
   * for each unit that it owes; and so does its account among the accounts.
   */
  #passOverAll(starting: WatchedLane, turn: Turn): void {
    const rounds = this.#maxUnits + 1;
    const couldRetry = turn === 'fresh' && this.#retrySlots < this.#mostRetries && this.#retryWaits();
    this.#freshInARow = couldRetry ? this.#freshInARow + 1 : 0;
    if (this.#freshInARow > 2) violated('a third first attempt in a row starts before a retry that could');
    for (const lane of this.lanes) {
      if (lane === starting) continue;
      const ofAccount = rounds * (lane.account.lanes.length - 1) + 1;
      if (this.#mayStart(lane, turn)) {
        lane.passedOver[turn] += 1;
        this.reached.passedOver += 1;
        const others = rounds * (this.#accounts.length - 1);
        // Between two retries an account starts a first attempt that waits, and others retry meanwhile.
        const most = ofAccount - 1 + ofAccount * (turn === 'retry' ? 2 * others : others);
        if (lane.passedOver[turn] > most)
          violated(`lane ${lane.id} waits for its ${turn} turn behind ${lane.passedOver[turn]} others, not ${most}`);
      }
      if (turn !== 'slow' && lane.account === starting.account && lane.fresh > 0 && this.#isBelowLimit(lane)) {
        lane.behindItsAccount += 1;
        if (lane.behindItsAccount > 2 * ofAccount)
          violated(`lane ${lane.id} waits behind ${lane.behindItsAccount} of its own account, not ${2 * ofAccount}`);
      }
    }
    starting.passedOver[turn] = 0;
    if (turn === 'fresh') starting.behindItsAccount = 0;
  }

  /** Whether a retry waits whose account has nothing else to start. */
  #retryWaits(): boolean {
    return this.lanes.some(
      (lane) => this.#mayStart(lane, 'retry') && !lane.account.lanes.some((other) => this.#mayStart(other, 'fresh')),
    );
  }

  /** Who could not start for a moment begins to wait anew. */
  #settle(): void {
    for (const lane of this.lanes) {
      const { passedOver } = lane;
      if (passedOver.fresh > 0 && !this.#mayStart(lane, 'fresh')) passedOver.fresh = 0;
      if (passedOver.retry > 0 && !this.#mayStart(lane, 'retry')) passedOver.retry = 0;
      if (passedOver.slow > 0 && !this.#mayStart(lane, 'slow')) passedOver.slow = 0;
      if (lane.behindItsAccount > 0 && (lane.fresh === 0 || !this.#isBelowLimit(lane))) lane.behindItsAccount = 0;
    }
  }

  #isBelowLimit({ inFlight, limit }: WatchedLane): boolean {
    return limit === undefined ? inFlight < Math.min(2, this.#limits.laneConcurrency) : !limit.isSlow && inFlight < limit.current;
  }

  /** Whether a lane has something to start that its account and its own limit allow. */
  #mayStart(lane: WatchedLane, turn: Turn): boolean {
    const { account, limit } = lane;
    if (turn === 'slow') {
      return (
        lane.fresh + lane.retry > 0 &&
        limit?.isSlow === true &&
        lane.inFlight < limit.current &&
        account.slow < this.#mostSlowOfAccount
      );
    }
    return lane[turn] > 0 && account.slots < this.#limits.accountConcurrency && this.#isBelowLimit(lane);
  }

  #hasPlace(turn: Turn): boolean {
    if (turn === 'slow') return this.#slow < this.#limits.slowConcurrency;
    return this.slots < this.#limits.concurrency && (turn === 'fresh' || this.#retrySlots < this.#mostRetries);
  }

  #count({ account }: WatchedLane, turn: Turn, change: 1 | -1): void {
    if (turn === 'slow') {
      this.#slow += change;
      account.slow += change;
      return;
    }
    this.slots += change;
    account.slots += change;
    if (turn === 'retry') this.#retrySlots += change;
  }
}

function atMost(count: number, most: number, of: string, reached: Reached, name: keyof Reached): void {
  if (count > most) violated(`${count} ${of} are taken, of ${most}`);
  reached[name] += 1;
}
