import { binsAreOn, isProduction } from '../bins/bins-options.ts';
import type { SectionHandler } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { readVisitor } from '../visitor.ts';
import { pageSettings } from './page-settings.ts';
import { sendPage } from './page.ts';
import { sendSignIn } from './sign-in.ts';

/** Makes what answers the page of all bins, or of the one with that id. Neither holds data: they ask `bins/api`. */
export function binsPage({ options }: Pick<SectionContext, 'options'>): (bin: string | null) => SectionHandler {
  const { console: session, bins: bounds } = options;
  return (bin) => async (request, response) => {
    if (!session || !bounds) return;
    const root = bin === null ? '' : '../';
    const { method = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain;charset=UTF-8' });
      response.end(`${method} does nothing here. What is to be kept goes to in/ and the id of a bin.`);
      return;
    }
    const visitor = await readVisitor(request, session.authenticate);
    if (!visitor) return sendSignIn(request, response, { name: 'bin', root, signIn: session.signIn });
    await sendPage(request, response, {
      name: 'bin',
      title: 'Request bins',
      root,
      settings: {
        ...pageSettings(options, root, visitor),
        bin,
        enabled: binsAreOn(options),
        production: isProduction(),
        bounds: { perAccount: bounds.perAccount, requestsPerBin: bounds.requestsPerBin, ageMs: bounds.ageMs },
      },
    });
  };
}
