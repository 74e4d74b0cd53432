import type { ServerResponse } from 'node:http';
import { onlyGet } from '../only-get.ts';
import type { HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { pageSettings } from './page-settings.ts';
import { sendPage } from './page.ts';
import { pageVisitor } from './visitor-page.ts';

/** Serves `console`: a page that shows an account its webhooks. It holds no data itself and asks the management API for it. */
export function consolePage({ options, limits }: Pick<SectionContext, 'options' | 'limits'>): Section {
  const { console: settings } = options;
  const handler = onlyGet(serve, 'What changes something goes to manage/.');
  return { find: (path) => (settings && path === '/console' ? handler : undefined) };

  async function serve(request: HostRequest, response: ServerResponse): Promise<void> {
    if (!settings) return;
    const { authenticate, signIn } = settings;
    const visitor = await pageVisitor(request, response, { authenticate, limits }, { name: 'console', root: '', signIn });
    if (!visitor) return;
    await sendPage(response, {
      name: 'console',
      title: 'Webhooks',
      root: '',
      settings: {
        ...pageSettings(options, '', visitor),
        headers: options.headers !== undefined,
        filters: options.filters !== undefined,
      },
    });
  }
}
