import type { WebhooksOptions } from '../options.ts';
import type { KnownVisitor } from '../visitor.ts';

/** What every page is told, whatever else it needs: `PageSettings` of pages/look/settings.ts. */
export interface PageSettings {
  readonly root: string;
  readonly account: string | null;
  readonly signIn: string | null;
  readonly on: Readonly<Record<string, boolean>>;
}

/** What every page is told: whose it is, and to which other parts its header links. */
export function pageSettings(options: WebhooksOptions, root: string, visitor: KnownVisitor | null): PageSettings {
  return {
    root,
    account: visitor?.name ?? null,
    signIn: options.console?.signIn ?? null,
    on: {
      console: options.console !== undefined,
      documentation: options.documentation !== undefined,
      bins: options.bins !== undefined,
      feed: options.feed !== undefined,
    },
  };
}
