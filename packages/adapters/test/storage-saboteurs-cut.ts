import { everything, type StorageSaboteur } from './storage-saboteur.ts';

/** Storages that break promises about what closed lanes hold. */
export const cutSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'cuts nothing while an owner has paused a lane',
    sabotage: (sound) => ({
      async cutClosedLanes(request) {
        const { rows } = await sound.listSubscriptions('a', everything);
        const isPaused = rows.some(({ health }) => health === 'paused');
        return isPaused ? { cuts: [], cursor: null } : sound.cutClosedLanes(request);
      },
    }),
    caughtBy: 'cutClosedLanes ends all but the newest of suspended and paused lanes, each with a line of the log',
    sentence: /^it does not leave just the newest of closed lanes/,
  },
  {
    does: 'keeps the oldest of what is too much',
    sabotage: (sound) => ({
      async cutClosedLanes(request) {
        const { rows } = await sound.listSubscriptions('a', everything);
        for (const { id, health } of rows) {
          if (health !== 'suspended' && health !== 'paused') continue;
          const lane = (await sound.listDeliveries('a', everything)).rows.filter((row) => row.subscriptionId === id);
          for (const one of lane.slice(request.maxPerLane)) await sound.cancelDelivery('a', one.id, 'too many');
        }
        return sound.cutClosedLanes(request);
      },
    }),
    caughtBy: 'cutClosedLanes ends all but the newest of suspended and paused lanes, each with a line of the log',
    sentence: /^it does not leave just the newest of closed lanes/,
  },
  {
    does: 'looks at no age',
    sabotage: (sound) => ({ cutClosedLanes: async (request) => sound.cutClosedLanes({ ...request, maxAgeMs: 1e12 }) }),
    caughtBy: 'cutClosedLanes ends what has been due for too long in a suspended lane, however long a pause lasts',
    sentence: /^not just what has been due for too long in a suspended lane went/,
  },
  {
    does: 'ends what somebody holds',
    sabotage: (sound) => ({
      async cutClosedLanes(request) {
        const held = (await sound.listDeliveries('a', everything)).rows.filter(({ fence }) => fence !== null);
        await sound.releaseDeliveries(held.map(({ id: deliveryId, fence }) => ({ deliveryId, fence: fence ?? '' })));
        return sound.cutClosedLanes(request);
      },
    }),
    caughtBy: 'cutClosedLanes leaves what somebody holds, until the lease has run out',
    sentence: /^(a delivery went that somebody holds|the outcome of what somebody held is refused)/,
  },
  {
    does: 'stops at the limit as if it had seen all',
    sabotage: (sound) => ({
      cutClosedLanes: async (request) => ({ ...(await sound.cutClosedLanes(request)), cursor: null }),
    }),
    caughtBy: 'cutClosedLanes ends no more in one call than the limit, and goes on where it was',
    sentence: /^lanes were passed over, or cut twice/,
  },
];
