import type { ServerResponse } from 'node:http';
import type { HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { readVisitor } from '../visitor.ts';
import { pageSettings } from './page-settings.ts';
import { sendPage } from './page.ts';
import { sendSignIn } from './sign-in.ts';

/** Serves `console`: a page that shows an account its webhooks. It holds no data itself and asks the management API for it. */
export function consolePage({ options }: Pick<SectionContext, 'options'>): Section {
  const { console: settings } = options;
  return {
    find: (path) => (settings && path === '/console' ? serve : undefined),
  };

  async function serve(request: HostRequest, response: ServerResponse): Promise<void> {
    if (!settings) return;
    const visitor = await readVisitor(request, settings.authenticate);
    if (!visitor) return sendSignIn(request, response, { name: 'console', root: '', signIn: settings.signIn });
    await sendPage(request, response, {
      name: 'console',
      title: 'Webhooks',
      root: '',
      settings: pageSettings(options, '', visitor),
    });
  }
}
