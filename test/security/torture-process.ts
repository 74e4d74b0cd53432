// The receivers of torture.test.ts, in a process of their own so that they share neither event loop nor memory with the sender.

import { hostileBehaviours, hostileReceiver, type HostileBehaviour } from '@hookwell/core/testing';

/** What this process tells the one that forked it: the URL of each behaviour. */
export type TortureUrls = Readonly<Record<string, string>>;

const receiver = await hostileReceiver({ keep: 1 });
const urls: Record<string, string> = {};
for (const name of Object.keys(hostileBehaviours)) {
  urls[name] = receiver.url(name.replace('status-N', 'status-418').replace('-N', '-20') as HostileBehaviour);
}
process.on('disconnect', () => process.exit());
process.send?.(urls);
