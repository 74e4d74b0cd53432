import type { ServerResponse } from 'node:http';
import { admitVisitor } from '../admit-visitor.ts';
import { admit } from '../contract/admit.ts';
import { readCredentials } from '../contract/authenticate.ts';
import { failureOf } from '../contract/failure.ts';
import { send } from '../contract/send.ts';
import { feedLinks } from '../feed/feed-links.ts';
import { Refusal } from '../contract/refusal.ts';
import { isManaged } from '../manage/options.ts';
import { onlyGet } from '../only-get.ts';
import { openApiDocument } from '../openapi/document.ts';
import { prepareSmall, sendPrepared, type Prepared } from '../prepared.ts';
import type { HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import type { KnownVisitor } from '../visitor.ts';
import { readExamples } from './documentation-examples.ts';
import { pageSettings } from './page-settings.ts';
import { sendPage } from './page.ts';

/**
 * Serves `docs`, a page on which people try the API; `openapi.json`, the document that it is made from; and
 * `docs/examples.json`, what an account has to try it with, which only that account gets to see.
 */
export function documentation(context: SectionContext): Section {
  const { engine, options, limits, report } = context;
  const { title = 'Webhooks', description = '', examples } = options.documentation ?? {};
  let made: Promise<Prepared> | undefined;

  const handlers = new Map([
    ['/docs', onlyGet(sendDocumentation)],
    ['/docs/examples.json', onlyGet(sendExamples)],
    ['/openapi.json', onlyGet(sendDocument)],
  ]);
  return { find: (path) => handlers.get(path) };

  async function sendDocumentation(request: HostRequest, response: ServerResponse): Promise<void> {
    const visitor = await visitorOf(request);
    await sendPage(response, {
      name: 'documentation',
      title,
      root: '',
      head: feedLinks(options, ''),
      settings: { ...pageSettings(options, '', visitor), title, description },
    });
  }

  /** The page is for everybody: who may not be asked about for now is nobody in particular. */
  async function visitorOf(request: HostRequest): Promise<KnownVisitor | null> {
    if (!options.console) return null;
    try {
      return await admitVisitor(request, { authenticate: options.console.authenticate, limits }, {});
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  async function sendDocument(request: HostRequest, response: ServerResponse): Promise<void> {
    const { enabled } = options.rateLimit;
    const document = (): string =>
      JSON.stringify(
        openApiDocument({
          catalog: engine.catalog,
          title,
          description,
          limit: enabled ? options.rateLimit : null,
          manage: isManaged(options) ? { session: options.console !== undefined } : null,
        }),
      );
    made ??= prepareSmall('application/json;charset=UTF-8', Buffer.from(document()));
    sendPrepared(request, response, await made, { headers: { 'Cache-Control': 'no-cache' } });
  }

  async function sendExamples(request: HostRequest, response: ServerResponse): Promise<void> {
    const headers: Record<string, string> = {};
    try {
      const accountId = await accountOf(request, headers);
      const found = await readExamples(accountId, examples, engine.catalog);
      send(response, { status: 200, contentType: 'application/json;charset=UTF-8', headers, body: JSON.stringify(found) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.ours) report(error);
      send(response, {
        status: failure.status,
        contentType: 'text/html;charset=UTF-8',
        headers: { ...headers, ...failure.headers },
        body: failure.text,
      });
    }
  }

  /** By the key pair when there is one, else by the session. @throws {Refusal} 401, 403, 429 */
  async function accountOf(request: HostRequest, headers: Record<string, string>): Promise<string> {
    if (options.console && !readCredentials(request.headers)) {
      const visitor = await admitVisitor(request, { authenticate: options.console.authenticate, limits }, headers);
      if (visitor) return visitor.accountId;
    }
    const account = await admit(request, { authenticate: options.authenticate, limits }, headers);
    if (!account.permissions.has('read')) throw new Refusal(403, 'This user may not read.');
    return account.accountId;
  }
}
