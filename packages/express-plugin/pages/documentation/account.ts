import { settings } from './settings.ts';

/** The key pair that a person has entered. */
export interface Keys {
  readonly appId: string;
  readonly apiKey: string;
}

/** Something of the account that events are about: a tag, a form. */
export interface Example {
  readonly number: number;
  readonly name: string;
}

/** Whose page it is, and what that account has. */
export interface AccountState {
  readonly keys: Keys | null;
  /** By event; null for nobody's page. */
  readonly events: Readonly<Record<string, readonly Example[]>> | null;
}

let state: AccountState = { keys: null, events: null };
const listeners = new Set<() => void>();

/** Until the tab is closed, and for this page alone: never in a URL, and never sent but as headers. */
const storageKey = `hookwell keys ${location.pathname}`;

export const account = {
  read: (): AccountState => state,

  /** Calls that function after each change; answers what stops it. */
  listen: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Finds keys that were entered in this tab before, and what the account of these or of the session has. */
  async restore(): Promise<void> {
    const keys = readKept();
    if (keys) await account.enter(keys);
    else if (settings.account !== null) await load(null);
  },

  /** Takes a key pair when it is somebody's; answers what is wrong with it, or null. */
  async enter(keys: Keys): Promise<string | null> {
    const problem = await load(keys);
    if (problem === null) keep(keys);
    return problem;
  },

  forget(): void {
    keep(null);
    change({ keys: null, events: null });
    if (settings.account !== null) void load(null);
  },
};

async function load(keys: Keys | null): Promise<string | null> {
  try {
    const headers: Record<string, string> = keys ? { 'Api-Appid': keys.appId, 'Api-Key': keys.apiKey } : {};
    const answer = await fetch(`${settings.root}docs/examples.json`, { headers, cache: 'no-store' });
    if (!answer.ok) return (await answer.text()) || `The server answered ${answer.status}.`;
    const { events } = (await answer.json()) as Pick<AccountState, 'events'>;
    change({ keys, events });
    return null;
  } catch (error) {
    // What a header cannot carry is refused before it is sent.
    if (error instanceof TypeError && keys && !/^[\x21-\x7e]+$/.test(keys.appId + keys.apiKey)) {
      return 'The App ID or the API key has characters in it that no key has.';
    }
    return 'The server does not answer. Try again in a moment.';
  }
}

function change(to: AccountState): void {
  state = to;
  for (const listener of listeners) listener();
}

function keep(keys: Keys | null): void {
  try {
    if (keys) sessionStorage.setItem(storageKey, JSON.stringify(keys));
    else sessionStorage.removeItem(storageKey);
  } catch {
    // A browser that keeps nothing: the keys stay in memory.
  }
}

function readKept(): Keys | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') as Partial<Keys> | null;
    const { appId, apiKey } = kept ?? {};
    return typeof appId === 'string' && typeof apiKey === 'string' ? { appId, apiKey } : null;
  } catch {
    return null;
  }
}
