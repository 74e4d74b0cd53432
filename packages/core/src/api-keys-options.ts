import Type, { type Static } from 'typebox';
import type { StorageAdapter } from './storage-adapter.ts';

const day = 86_400_000;

/** The options of `apiKeys`: type, default and manual in one. Times are in milliseconds. */
export const ApiKeysOptionsSchema = Type.Object(
  {
    storage: Type.Unsafe<Pick<StorageAdapter, 'createKeys' | 'findKeys' | 'listKeys' | 'endKeys' | 'touchKeys'>>({
      type: 'object',
      description: 'Where keys live, as digests: the storage of the engine, which starts it.',
    }),
    overlapMs: Type.Integer({
      default: day,
      minimum: 0,
      maximum: 30 * day,
      description: 'For how long the old key of an App ID is taken, too, after it was replaced.',
    }),
    touchEveryMs: Type.Integer({
      default: 600_000,
      minimum: 1_000,
      maximum: day,
      description: 'How coarse the time is at which a key was last used: it is written down no more often than this.',
    }),
    now: Type.Unsafe<() => number>({
      default: Date.now,
      description: 'The clock by which keys were used, in milliseconds since the epoch.',
    }),
    onError: Type.Unsafe<(error: unknown) => void>({
      default: () => undefined,
      description: 'Told when it could not be written down that a key was used, which keeps nobody out.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `apiKeys` with their defaults filled in. */
export type ApiKeysOptions = Readonly<Static<typeof ApiKeysOptionsSchema>>;

/** The options of `apiKeys` as a host writes them. */
export type ApiKeysOptionsInput = Pick<ApiKeysOptions, 'storage'> & Partial<ApiKeysOptions>;
