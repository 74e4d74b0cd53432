import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { Catalog } from '../model/catalog.ts';
import { isKeyText } from '../model/key-text.ts';
import type { Page, Query } from '../model/query.ts';
import type { Replay, ReplayFilter, ReplayPlace, ReplayRow } from '../model/replay.ts';
import { shown } from '../model/shown.ts';
import { fastestPace } from '../replay-options.ts';
import type { ReplayField, StorageAdapter } from '../storage-adapter.ts';
import { checkReplay, type ReplayInput } from './check-replay.ts';
import { findReplayed, type FindReplayedContext } from './find-replayed.ts';

/** How fast a replay goes. */
export interface ReplayPace {
  /** At most how many deliveries it makes due in a second; the engine's option when left out. */
  readonly pacePerSecond?: number | undefined;
}

/** What a replay would send, if it were made now. */
export interface ReplayPreview {
  /** How many deliveries. */
  readonly count: number;
  /** Whether everything was looked at; else there may be more than `count`. */
  readonly complete: boolean;
  /** The first few of them. */
  readonly examples: readonly Pick<ReplayRow, 'deliveryId' | 'subscriptionId' | 'eventId' | 'topic'>[];
}

/** `engine.replays`: jobs that send many deliveries again. Every call is about one account, and sees nothing of another. */
export interface Replays {
  /**
   * Makes a job that sends finished deliveries again, under their old ids and with the whole retry schedule, and with
   * `missing` what was never sent. It outlives this process, and goes on in another one.
   * @throws {HookwellError} `invalid_input`, `unknown_object_type`, `not_found` for the subscription, `wrong_state` when ten
   * replays of the account run already
   */
  readonly create: (accountId: AccountId, filter: ReplayInput, pace?: ReplayPace) => Promise<Replay>;
  /**
   * Counts what `create` would send, and sends nothing.
   * @throws {HookwellError} `invalid_input`, `unknown_object_type`, `not_found`, `plugin_failed` when a match hook throws
   */
  readonly preview: (accountId: AccountId, filter: ReplayInput) => Promise<ReplayPreview>;
  /**
   * How far a job is.
   * @throws {HookwellError} `not_found`
   */
  readonly get: (accountId: AccountId, id: string) => Promise<Replay>;
  /** The account's jobs, newest first, 50 of them, unless the query says otherwise. */
  readonly list: (accountId: AccountId, query?: Partial<Query<ReplayField>>) => Promise<Page<Replay>>;
  /**
   * Ends a job that runs. What it has made due already is still sent; its counts stay as they are.
   * @throws {HookwellError} `not_found`, `wrong_state` when it has ended
   */
  readonly cancel: (accountId: AccountId, id: string, reason?: string) => Promise<Replay>;
}

/** What `replays` works with. */
export interface ReplaysContext extends FindReplayedContext {
  readonly storage: FindReplayedContext['storage'] &
    Pick<StorageAdapter, 'createReplay' | 'listReplays' | 'cancelReplay' | 'listSubscriptions'>;
  readonly catalog: Catalog;
  readonly newId: () => string;
  readonly pacePerSecond: number;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
  /** Is told that one was made. */
  readonly onCreated: () => void;
  /** Is told that one was cancelled. */
  readonly onCancelled: (replay: Replay) => void;
}

/** Jobs of an account that may run at once. */
const mostRunning = 10;
/** How far a preview looks: rows in each part, and parts. */
const previewed = { rows: 1_000, parts: 200 };
const mostExamples = 5;
const byId = { field: 'id', direction: 'desc' } as const;

/** Makes `engine.replays`. */
export function replays(context: ReplaysContext): Replays {
  const { storage, catalog } = context;

  async function check(accountId: string, given: ReplayInput): Promise<ReplayFilter> {
    const filter = checkReplay(given, catalog);
    if (filter.subscriptionId === null) return filter;
    const where = { kind: 'compare', field: 'id', operator: '=', value: filter.subscriptionId } as const;
    const { total } = await storage.listSubscriptions(accountId, { which: 'active', where, sort: byId, offset: 0, limit: 0 });
    if (total === 1) return filter;
    throw missing('subscription', filter.subscriptionId);
  }

  async function find(accountId: string, id: string): Promise<Replay> {
    if (!isKeyText(id)) throw missing('replay', id);
    const where = { kind: 'compare', field: 'id', operator: '=', value: id } as const;
    const { rows } = await storage.listReplays(accountId, { where, sort: byId, offset: 0, limit: 1 });
    return rows[0] ?? refuse(missing('replay', id));
  }

  return {
    async create(accountId, given, { pacePerSecond = context.pacePerSecond } = {}) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      const filter = await check(account, given);
      checkPace(pacePerSecond);
      const where = { kind: 'compare', field: 'state', operator: '=', value: 'running' } as const;
      const running = await storage.listReplays(account, { where, sort: byId, offset: 0, limit: 0 });
      if (running.total >= mostRunning) {
        throw new HookwellError(
          'wrong_state',
          `${running.total} replays of this account run already, and ${mostRunning} may; wait until one has ended, or cancel one.`,
        );
      }
      const replay = await storage.createReplay({ id: context.newId(), accountId: account, filter, pacePerSecond });
      context.onCreated();
      return replay;
    },

    async preview(accountId, given) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      return preview(account, await check(account, given), context);
    },

    async get(accountId, id) {
      context.checkRunning();
      return find(checkAccountId(accountId), id);
    },

    async list(accountId, query) {
      context.checkRunning();
      return storage.listReplays(checkAccountId(accountId), { where: null, sort: byId, offset: 0, limit: 50, ...query });
    },

    async cancel(accountId, id, reason = 'cancelled by the account') {
      context.checkRunning();
      const account = checkAccountId(accountId);
      await find(account, id);
      const cancelled = await storage.cancelReplay(account, id, reason);
      if (cancelled) {
        context.onCancelled(cancelled);
        return cancelled;
      }
      const { state } = await find(account, id);
      throw new HookwellError('wrong_state', `Replay "${id}" cannot be cancelled: it is ${state}.`, { value: id });
    },
  };
}

async function preview(accountId: string, filter: ReplayFilter, context: ReplaysContext): Promise<ReplayPreview> {
  const examples: ReplayPreview['examples'][number][] = [];
  let count = 0;
  let place: ReplayPlace = { looksAt: filter.outcomes.length > 0 ? 'finished' : 'missing', after: '' };
  for (let part = 0; part < previewed.parts && place.looksAt !== 'nothing'; part += 1) {
    const found = await findReplayed({ accountId, filter, lastLine: null, place, limit: previewed.rows }, context);
    count += found.rows.length;
    ({ place } = found);
    for (const { deliveryId, subscriptionId, eventId, topic } of found.rows.slice(0, mostExamples - examples.length)) {
      examples.push({ deliveryId, subscriptionId, eventId, topic });
    }
  }
  return { count, complete: place.looksAt === 'nothing', examples };
}

function checkPace(pace: unknown): void {
  if (Number.isSafeInteger(pace) && Number(pace) >= 1 && Number(pace) <= fastestPace) return;
  throw new HookwellError(
    'invalid_input',
    `Invalid pacePerSecond ${shown(pace)} of a replay: pass a whole number from 1 to ${fastestPace}.`,
    { value: pace },
  );
}

function refuse(error: HookwellError): never {
  throw error;
}

function missing(what: 'replay' | 'subscription', id: unknown): HookwellError {
  return new HookwellError('not_found', `No ${what} ${shown(id)} in this account; list them to see which there are.`, {
    value: id,
  });
}
