import { DeficitRound } from './deficit-round.ts';
import { waitingIn, type Lane, type Turn, type UnderWay } from './lane.ts';

/** How many requests may be under way at once. */
export interface TurnLimits {
  /** Slots, over all lanes. */
  readonly concurrency: number;
  /** Slots that one account may hold. */
  readonly accountConcurrency: number;
  /** Places beside the slots, for lanes that are slow. */
  readonly slowConcurrency: number;
}

/** Retries hold at most this part of the slots, so that all others are for first attempts. */
const retryShare = 0.3;
/** First attempts that begin before a retry gets its turn, where both wait. */
const freshInARow = 2;
/** The most of the slow places that one account may hold. */
const slowShareOfAccount = 0.5;
/** A turn costs one unit more for each so many milliseconds that the endpoint usually takes, up to three. */
const unitMs = 100;
const maxExtraUnits = 3;

interface Account {
  readonly id: string;
  /** Slots that it holds. */
  slots: number;
  /** Slow places that it holds. */
  slow: number;
  /** Whether the last one that it took a slot for was a retry. */
  retriedLast: boolean;
  readonly lanes: Readonly<Record<Turn, DeficitRound<Lane>>>;
}

/**
 * Whose turn it is: deficit round-robin over the accounts, and over the lanes of each, so that neither many deliveries, nor
 * many lanes, nor slow endpoints bring an account more than its share of the time of the slots.
 */
export class LaneTurns {
  readonly #limits: TurnLimits;
  readonly #retrySlots: number;
  readonly #slowOfAccount: number;
  readonly #accounts = new Map<string, Account>();
  /** The accounts that have a lane whose turn may come. */
  readonly #rounds: Readonly<Record<Turn, DeficitRound<Account>>> = rounds();
  readonly #held: Record<Turn, number> = { fresh: 0, retry: 0, slow: 0 };
  #freshInARow = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
    this.#retrySlots = Math.max(1, Math.floor(retryShare * limits.concurrency));
    this.#slowOfAccount = Math.max(1, Math.floor(slowShareOfAccount * limits.slowConcurrency));
  }

  /** Whether a delivery waits that a free slot could send. */
  get hasNext(): boolean {
    return this.#rounds.fresh.size > 0 || this.#mayRetry;
  }

  /** Takes the next delivery that a free slot is to send. */
  next(now: number): UnderWay | undefined {
    const isRetry = this.#mayRetry && (this.#freshInARow >= freshInARow || this.#rounds.fresh.size === 0);
    this.#freshInARow = isRetry ? 0 : this.#freshInARow + 1;
    return this.#take(isRetry ? 'retry' : 'fresh', now);
  }

  /** Takes the next delivery of a lane that is slow, where there is a place for it. */
  nextSlow(now: number): UnderWay | undefined {
    return this.#held.slow < this.#limits.slowConcurrency ? this.#take('slow', now) : undefined;
  }

  /** Lets a request go on in a place beside the slots, if there is one; answers whether its slot is free. */
  giveUpSlot(request: UnderWay): boolean {
    const account = this.#accountOf(request.lane);
    if (this.#held.slow >= this.#limits.slowConcurrency || account.slow >= this.#slowOfAccount) return false;
    this.#count(account, request.holds, -1);
    request.holds = 'slow';
    this.#count(account, 'slow', 1);
    this.#settleAccount(account);
    return true;
  }

  /** Frees what a request held. */
  end({ lane, holds }: UnderWay): void {
    const account = this.#accountOf(lane);
    lane.inFlight -= 1;
    this.#count(account, holds, -1);
    this.settle(lane);
  }

  /** Looks anew whether a lane's turn may come, after something about it has changed. */
  settle(lane: Lane): void {
    const account = this.#accountOf(lane);
    const mayStart = lane.inFlight < lane.limit.current;
    place(account.lanes.fresh, lane, mayStart && !lane.limit.isSlow && lane.fresh.length > 0);
    place(account.lanes.retry, lane, mayStart && !lane.limit.isSlow && lane.retries.length > 0);
    place(account.lanes.slow, lane, mayStart && lane.limit.isSlow && waitingIn(lane) > 0);
    this.#settleAccount(account);
  }

  get #mayRetry(): boolean {
    return this.#rounds.retry.size > 0 && this.#held.retry < this.#retrySlots;
  }

  #take(turn: Turn, now: number): UnderWay | undefined {
    const account = this.#rounds[turn].next();
    const lane = account?.lanes[turn].next();
    if (!account || !lane) return undefined;
    const held = turn === 'retry' ? lane.retries.shift() : (lane.fresh.shift() ?? lane.retries.shift());
    if (!held) throw new Error(`lane ${lane.subscriptionId} had its turn with nothing to send`);
    const units = Math.min(maxExtraUnits, Math.floor(lane.limit.durationMs / unitMs));
    if (units > 0) {
      this.#rounds[turn].charge(account, units);
      account.lanes[turn].charge(lane, units);
    }
    lane.inFlight += 1;
    if (turn !== 'slow') account.retriedLast = turn === 'retry';
    this.#count(account, turn, 1);
    this.settle(lane);
    return { held, lane, since: now, holds: turn, late: false };
  }

  #count(account: Account, turn: Turn, change: 1 | -1): void {
    this.#held[turn] += change;
    account[turn === 'slow' ? 'slow' : 'slots'] += change;
  }

  #settleAccount(account: Account): void {
    const { lanes, slots, slow, retriedLast } = account;
    const maySend = slots < this.#limits.accountConcurrency;
    place(this.#rounds.fresh, account, maySend && lanes.fresh.size > 0);
    // Retries that take every slot of an account as soon as it is free would leave none for its first attempts.
    const mayRetry = maySend && (!retriedLast || lanes.fresh.size === 0);
    place(this.#rounds.retry, account, mayRetry && lanes.retry.size > 0);
    place(this.#rounds.slow, account, slow < this.#slowOfAccount && lanes.slow.size > 0);
    const isIdle = slots === 0 && slow === 0 && lanes.fresh.size === 0 && lanes.retry.size === 0 && lanes.slow.size === 0;
    if (isIdle) this.#accounts.delete(account.id);
  }

  #accountOf({ accountId }: Lane): Account {
    let account = this.#accounts.get(accountId);
    if (!account) {
      account = { id: accountId, slots: 0, slow: 0, retriedLast: false, lanes: rounds() };
      this.#accounts.set(accountId, account);
    }
    return account;
  }
}

function rounds<Member>(): Record<Turn, DeficitRound<Member>> {
  return { fresh: new DeficitRound(), retry: new DeficitRound(), slow: new DeficitRound() };
}

function place<Member>(round: DeficitRound<Member>, member: Member, takesPart: boolean): void {
  if (takesPart) round.add(member);
  else round.delete(member);
}
