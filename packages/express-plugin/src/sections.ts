import { bins } from './bins/bins.ts';
import type { RateLimits } from './contract/rate-limits.ts';
import { feed } from './feed/feed.ts';
import { metrics } from './metrics.ts';
import type { WebhooksOptions } from './options.ts';
import { manage } from './manage/manage.ts';
import { isManaged } from './manage/options.ts';
import { assets } from './pages/assets.ts';
import { consolePage } from './pages/console.ts';
import { documentation } from './pages/documentation.ts';
import type { Section } from './section.ts';
import type { WebhooksEngine } from './webhooks.ts';

/** What every section is made with. */
export interface SectionContext {
  readonly engine: WebhooksEngine;
  readonly options: WebhooksOptions;
  readonly limits: RateLimits;
  /** Tells somebody other than the client of an error. */
  readonly report: (error: unknown) => void;
}

/** Everything that is served beside the contract, as the options have it. */
export function sections(context: SectionContext): readonly Section[] {
  const { options } = context;
  return [
    ...(isManaged(options) ? [manage(context)] : []),
    ...(options.console || options.documentation ? [assets()] : []),
    ...(options.console ? [consolePage(context)] : []),
    ...(options.documentation ? [documentation(context)] : []),
    ...(options.metrics ? [metrics(options.metrics)] : []),
    ...(options.bins ? [bins(context)] : []),
    ...(options.feed ? [feed(context)] : []),
  ];
}
