import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import type { Page } from '../model/query.ts';
import type { Subscription, WhichSubscriptions } from '../model/subscription.ts';
import type { SubscriptionQuery } from '../storage-adapter.ts';

/** The part of an engine that sealed texts are found and replaced through. */
export interface RekeyEngine {
  readonly subscriptions: {
    readonly list: (accountId: AccountId, query?: Partial<SubscriptionQuery>) => Promise<Page<Subscription>>;
    readonly update: (
      accountId: AccountId,
      id: number,
      changes: { readonly attributes: Readonly<Record<string, string>> },
    ) => Promise<Subscription>;
  };
}

/** Opens and seals the texts of subscriptions. */
export interface Resealing {
  readonly open: (sealed: string, of: Subscription) => string;
  readonly seal: (text: string, to: Subscription) => string;
  /** Whether it is sealed as it would be now: with the first key, for this very subscription. */
  readonly isFresh: (sealed: string, of: Subscription) => boolean;
}

/** What `rekey` came to. */
export interface RekeyResult {
  /** Subscriptions whose texts were sealed anew. */
  readonly resealed: number;
  /** Subscriptions whose texts no key of the ring opens: they are left as they are. */
  readonly lost: readonly { readonly accountId: string; readonly id: number }[];
}

/** How the accounts are named whose texts are to be sealed anew: the host knows them all, and no call of an engine does. */
export type Accounts = Iterable<AccountId> | AsyncIterable<AccountId>;

const pageSize = 100;

/**
 * Seals an attribute of every active subscription of these accounts with the first key. What is sealed with it already is
 * left alone, so that it can be stopped at any time and begun again.
 */
export async function rekey(engine: RekeyEngine, accounts: Accounts, attribute: string, ring: Resealing): Promise<RekeyResult> {
  let resealed = 0;
  const lost: { readonly accountId: string; readonly id: number }[] = [];
  for await (const rows of pagesOf(engine, accounts, 'active')) {
    for (const row of rows) {
      const sealed = row.attributes[attribute];
      if (sealed === undefined || ring.isFresh(sealed, row)) continue;
      const text = opened(ring, sealed, row);
      if (text === null) lost.push({ accountId: row.accountId, id: row.id });
      else resealed += await reseal(engine, row, { [attribute]: ring.seal(text, row) });
    }
  }
  return { resealed, lost };
}

/** The subscriptions of these accounts, by the hundred. */
export async function* pagesOf(
  engine: { readonly subscriptions: Pick<RekeyEngine['subscriptions'], 'list'> },
  accounts: Accounts,
  which: WhichSubscriptions,
): AsyncGenerator<readonly Subscription[], void> {
  for await (const account of accounts) {
    for (let after = 0; ;) {
      const { rows } = await engine.subscriptions.list(account, {
        which,
        where: { kind: 'compare', field: 'id', operator: '>', value: after },
        limit: pageSize,
      });
      yield rows;
      if (rows.length < pageSize) break;
      after = rows.at(-1)?.id ?? after;
    }
  }
}

function opened(ring: Resealing, sealed: string, row: Subscription): string | null {
  try {
    return ring.open(sealed, row);
  } catch {
    return null;
  }
}

/** One that has ended meanwhile has nothing to be sealed. */
async function reseal(engine: RekeyEngine, { accountId, id }: Subscription, attributes: Record<string, string>): Promise<0 | 1> {
  try {
    await engine.subscriptions.update(accountId, id, { attributes });
    return 1;
  } catch (error) {
    if (HookwellError.is(error, 'not_found')) return 0;
    throw error;
  }
}
