import { useEffect, useState } from 'preact/hooks';
import type { SubscriptionJson, SubscriptionPageJson } from '../../src/manage/schemas.ts';
import { get } from './api.ts';
import { onChange } from './live.ts';

/** The account's subscriptions by their numbers, ended ones too: what others are named by. */
export type Names = ReadonlyMap<number, SubscriptionJson>;

const listeners = new Set<(names: Names) => void>();
let names: Names = new Map();
let known = false;
let loading: Promise<void> | undefined;

/** At most so many pages: who has more is shown numbers instead of names. */
const maxPages = 10;

async function load(): Promise<void> {
  const found = new Map<number, SubscriptionJson>();
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const answer: SubscriptionPageJson = await get('subscriptions', { which: 'all', limit: 100, cursor });
    for (const subscription of answer.rows) found.set(subscription.id, subscription);
    cursor = answer.next;
    if (cursor === null) break;
  }
  names = found;
  known = true;
  for (const listener of listeners) listener(names);
}

/** Reads them, unless somebody does so already. A failure is told by what else the page asks for. */
function refresh(): void {
  loading ??= load()
    .catch(() => undefined)
    .finally(() => {
      loading = undefined;
    });
}

/** The account's subscriptions, as far as they are known by now; read anew when one appears that is not among them. */
export function useNames(): Names {
  const [shown, setShown] = useState(names);
  useEffect(() => {
    listeners.add(setShown);
    setShown(names);
    if (!known) refresh();
    const stop = onChange(({ subscriptions }) => {
      if (subscriptions.some((id) => !names.has(id))) refresh();
    });
    return () => {
      listeners.delete(setShown);
      stop();
    };
  }, []);
  return shown;
}

/** Has the names read anew, because one was changed from here. */
export function namesChanged(): void {
  refresh();
}
