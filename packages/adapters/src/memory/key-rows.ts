import type { KeyUse, NewKey, StoredKey } from '@hookwell/core';

/** The keys of all accounts. A changed one is a new object, and none is changed by whoever was answered it. */
export class KeyRows {
  readonly #byId = new Map<string, StoredKey>();
  readonly #byApp = new Map<string, ReadonlyMap<string, StoredKey>>();

  add({ id, accountId, appId, digest, last4, name, owner, permissions }: NewKey, now: number): void {
    if (this.#byId.has(id)) return;
    const kept = { id, accountId, appId, digest, last4, name, owner, permissions: Object.freeze([...permissions]) };
    this.#replace({ ...kept, createdAt: now, endsAt: null, lastUsedAt: null });
  }

  find(appIds: readonly string[], now: number): readonly StoredKey[] {
    const found: StoredKey[] = [];
    for (const appId of new Set(appIds)) {
      for (const key of this.#byApp.get(appId)?.values() ?? []) if (isLive(key, now)) found.push(key);
    }
    return found;
  }

  list(accountId: string, now: number): readonly StoredKey[] {
    const own = [...this.#byId.values()].filter((key) => key.accountId === accountId && isLive(key, now));
    return own.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** What has ended is forgotten on the way. */
  end(accountId: string, ids: readonly string[], endsAt: number, now: number): void {
    for (const id of ids) {
      const key = this.#byId.get(id);
      if (key?.accountId === accountId) this.#replace({ ...key, endsAt: Math.min(key.endsAt ?? endsAt, endsAt) });
    }
    for (const key of this.#byId.values()) if (key.accountId === accountId && !isLive(key, now)) this.#forget(key);
  }

  touch(uses: readonly KeyUse[]): void {
    for (const { id, usedAt } of uses) {
      const key = this.#byId.get(id);
      if (key) this.#replace({ ...key, lastUsedAt: Math.max(key.lastUsedAt ?? usedAt, usedAt) });
    }
  }

  #replace(key: StoredKey): void {
    Object.freeze(key);
    this.#byId.set(key.id, key);
    this.#byApp.set(key.appId, new Map([...(this.#byApp.get(key.appId) ?? []), [key.id, key]]));
  }

  #forget({ id, appId }: StoredKey): void {
    this.#byId.delete(id);
    const others = [...(this.#byApp.get(appId) ?? [])].filter(([other]) => other !== id);
    if (others.length > 0) this.#byApp.set(appId, new Map(others));
    else this.#byApp.delete(appId);
  }
}

function isLive({ endsAt }: StoredKey, now: number): boolean {
  return endsAt === null || endsAt > now;
}
