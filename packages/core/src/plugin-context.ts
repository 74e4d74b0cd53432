import type { Acceptance } from './accept/acceptance.ts';
import { announceEveryMs, type Announcer } from './deliver/announcer.ts';
import type { Notices } from './notices.ts';
import type { PluginContext } from './plugin.ts';

/** What plugins are given, and what it is made of. */
export interface PluginContextParts extends Pick<PluginContext, 'now' | 'catalog' | 'lanes'> {
  readonly notices: Notices;
  readonly accepting: Acceptance;
  readonly announcer: Announcer;
  /** @throws {HookwellError} `not_running` before the storage was opened, and once plugins have been stopped */
  readonly checkOpen: () => void;
  readonly isStopping: () => boolean;
}

/** Makes what `start` hooks are given. */
export function pluginContext(parts: PluginContextParts): PluginContext {
  const { now, catalog, lanes, notices, accepting, announcer, checkOpen, isStopping } = parts;
  return {
    now,
    catalog,
    events: notices.events,
    lanes,
    report: notices.report,
    tell: notices.tell,
    async emit(topic, event) {
      checkOpen();
      const result = await accepting.accept(topic, event);
      // Nothing else tells the others of it once this process delivers no more.
      if (result.deliveries > 0 && isStopping()) announcer.announce(announceEveryMs.forOthers);
      return result;
    },
  };
}
