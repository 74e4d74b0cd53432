import type { ServerResponse } from 'node:http';
import { binsAreOn, isProduction } from '../bins/bins-options.ts';
import { onlyGet } from '../only-get.ts';
import type { HostRequest } from '../request.ts';
import type { SectionHandler } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { pageSettings } from './page-settings.ts';
import { sendPage } from './page.ts';
import { pageVisitor } from './visitor-page.ts';

/** Makes what answers the page of all bins, or of the one with that id. Neither holds data: they ask `bins/api`. */
export function binsPage({
  options,
  limits,
}: Pick<SectionContext, 'options' | 'limits'>): (bin: string | null) => SectionHandler {
  const { console: session, bins: bounds } = options;
  const serve = async (bin: string | null, request: HostRequest, response: ServerResponse): Promise<void> => {
    if (!session || !bounds) return;
    const root = bin === null ? '' : '../';
    const { authenticate, signIn } = session;
    const visitor = await pageVisitor(request, response, { authenticate, limits }, { name: 'bin', root, signIn });
    if (!visitor) return;
    await sendPage(response, {
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
  return (bin) =>
    onlyGet(async (request, response) => serve(bin, request, response), 'What is to be kept goes to in/ and the id of a bin.');
}
