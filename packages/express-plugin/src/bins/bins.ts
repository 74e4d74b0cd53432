import { binsPage } from '../pages/bins.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { binStore } from './bin-store.ts';
import { binsApi } from './bins-api.ts';
import { binsAreOn } from './bins-options.ts';
import { receiver } from './receive.ts';

/**
 * Serves request bins: `bins` and `bins/<id>` are pages, `bins/api/…` is what they work with, and `in/<id>`, with any path
 * behind it, takes whatever is sent. Where bins are switched off only the page is left, and says so.
 */
export function bins(context: SectionContext): Section {
  const { bins: bounds } = context.options;
  if (!bounds) return { find: () => undefined };
  const page = binsPage(context);
  if (!binsAreOn(context.options)) return { find: (path) => (path === '/bins' ? page(null) : undefined) };

  const store = binStore(bounds, context.options);
  const receive = receiver(store, bounds, context);
  const api = binsApi(store, bounds, context);
  return {
    find(path) {
      const [, taker, below = ''] = /^\/in\/([0-9a-f]{32})(\/.*)?$/.exec(path) ?? [];
      if (taker !== undefined) return receive(taker, below);
      if (path === '/bins') return page(null);
      if (path === '/bins/api' || path.startsWith('/bins/api/')) return api;
      const [, shown] = /^\/bins\/([0-9a-f]{32})$/.exec(path) ?? [];
      return shown === undefined ? undefined : page(shown);
    },
  };
}
