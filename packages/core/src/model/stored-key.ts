/** A key of an account as storages keep it: not the key itself, which nobody but its owner has. */
export interface StoredKey {
  /** UUIDv7: a key that is newer has a larger one. */
  readonly id: string;
  readonly accountId: string;
  /** What it is sent with; several keys go by one while one of them replaces another. */
  readonly appId: string;
  /** The base64url of its SHA-256. */
  readonly digest: string;
  /** Its last four characters, by which its owner knows it. */
  readonly last4: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly owner: string;
  readonly permissions: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** From when it is no key any more, in milliseconds since the epoch; null while nobody has said so. */
  readonly endsAt: number | null;
  /** When it was last used, roughly, in milliseconds since the epoch; null before that is known. */
  readonly lastUsedAt: number | null;
}

/** A key that is to be stored. */
export type NewKey = Omit<StoredKey, 'createdAt' | 'endsAt' | 'lastUsedAt'>;

/** When a key was used, in milliseconds since the epoch. */
export interface KeyUse {
  readonly id: string;
  readonly usedAt: number;
}
