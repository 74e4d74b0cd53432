import pRetry from 'p-retry';
import { HookwellError, messageOf } from './errors.ts';
import type { JoinedStorage, StorageAdapter } from './storage-adapter.ts';
import { storageMembers } from './storage-members.ts';

/** How long a busy storage is tried again before its caller is told, in milliseconds. */
const bridgeMs = 10_000;

/**
 * The same storage, with blips bridged: a call that rejects with `storage_busy` is made again, with growing pauses, for
 * up to ten seconds. Every other error comes through at once; what is no HookwellError comes out as `storage_failed`. In
 * a transaction of the host's nothing is made again: what has failed there, the host must roll back.
 */
export function bridgeStorage(storage: StorageAdapter): StorageAdapter {
  const bridged: Record<string, unknown> = { name: storage.name };
  for (const [member, type] of Object.entries(storageMembers) as [keyof StorageAdapter, string][]) {
    if (type === 'function') bridged[member] = bridge(storage.name, member, (storage[member] as Call).bind(storage));
  }
  return { ...(bridged as unknown as StorageAdapter), join: async (transaction) => join(storage, transaction) };
}

async function join(storage: StorageAdapter, transaction: unknown): Promise<JoinedStorage> {
  const joined = (await translate(storage.name, 'join', storage.join.bind(storage) as Call)(transaction)) as JoinedStorage;
  const call = (member: keyof JoinedStorage): Call => translate(storage.name, member, (joined[member] as Call).bind(joined));
  return {
    createSubscription: call('createSubscription'),
    endSubscription: call('endSubscription'),
    findSubscriptions: call('findSubscriptions'),
    storeEvents: call('storeEvents'),
  } as unknown as JoinedStorage;
}

type Call = (...parameters: readonly unknown[]) => Promise<unknown>;

/** The same call, whose errors are all HookwellErrors. */
function translate(name: string, member: string, call: Call): Call {
  return async (...parameters) => {
    try {
      return await call(...parameters);
    } catch (error) {
      if (HookwellError.is(error)) throw error;
      throw new HookwellError('storage_failed', `The ${name} storage failed in ${member}: ${messageOf(error)}`, { cause: error });
    }
  };
}

function bridge(name: string, member: string, call: Call): Call {
  const attempt = translate(name, member, call);
  return async (...parameters) => {
    try {
      return await attempt(...parameters);
    } catch (error) {
      if (!HookwellError.is(error, 'storage_busy')) throw error;
      return pRetry(() => attempt(...parameters), {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: bridgeMs,
        minTimeout: 2,
        maxTimeout: 250,
        randomize: true,
        shouldRetry: ({ error: again }) => HookwellError.is(again, 'storage_busy'),
      });
    }
  };
}
