import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { admit } from '../contract/admit.ts';
import { readCredentials } from '../contract/authenticate.ts';
import { failureOf } from '../contract/failure.ts';
import { feedLinks } from '../feed/feed-links.ts';
import { Refusal } from '../contract/refusal.ts';
import { isManaged } from '../manage/options.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { HostRequest } from '../request.ts';
import type { Section } from '../section.ts';
import type { SectionContext } from '../sections.ts';
import { readVisitor } from '../visitor.ts';
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
  let made: Promise<Made> | undefined;

  const handlers = new Map([
    ['/docs', sendDocumentation],
    ['/docs/examples.json', sendExamples],
    ['/openapi.json', sendDocument],
  ]);
  return { find: (path) => handlers.get(path) };

  async function sendDocumentation(request: HostRequest, response: ServerResponse): Promise<void> {
    if (refuseMethod(request, response)) return;
    const visitor = options.console ? await readVisitor(request, options.console.authenticate) : null;
    await sendPage(request, response, {
      name: 'documentation',
      title,
      root: '',
      head: feedLinks(options, ''),
      settings: { ...pageSettings(options, '', visitor), title, description },
    });
  }

  async function sendDocument(request: HostRequest, response: ServerResponse): Promise<void> {
    if (refuseMethod(request, response)) return;
    made ??= make(
      openApiDocument({
        catalog: engine.catalog,
        title,
        description,
        limit: options.rateLimit.enabled ? options.rateLimit : null,
        manage: isManaged(options) ? { session: options.console !== undefined } : null,
      }),
    );
    const { plain, small, etag } = await made;
    const headers = { ETag: etag, Vary: 'Accept-Encoding', 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    const zipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = zipped ? small : plain;
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'application/json;charset=UTF-8',
      'Content-Length': body.length,
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async function sendExamples(request: HostRequest, response: ServerResponse): Promise<void> {
    if (refuseMethod(request, response)) return;
    const headers: Record<string, string> = {};
    try {
      const accountId = await accountOf(request, headers);
      const found = await readExamples(accountId, examples, engine.catalog);
      sendText(request, response, 200, 'application/json', JSON.stringify(found), headers);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.ours) report(error);
      sendText(request, response, failure.status, 'text/html', failure.text, { ...headers, ...failure.headers });
    }
  }

  /** By the key pair when there is one, else by the session. @throws {Refusal} 401, 403, 429 */
  async function accountOf(request: HostRequest, headers: Record<string, string>): Promise<string> {
    if (options.console && !readCredentials(request.headers)) {
      const visitor = await readVisitor(request, options.console.authenticate);
      if (visitor) return visitor.accountId;
    }
    const account = await admit(request, { authenticate: options.authenticate, limits }, headers);
    if (!account.permissions.has('read')) throw new Refusal(403, 'This user may not read.');
    return account.accountId;
  }
}

/** A document as it is sent. */
interface Made {
  readonly plain: Buffer;
  readonly small: Buffer;
  readonly etag: string;
}

async function make(document: unknown): Promise<Made> {
  const plain = Buffer.from(JSON.stringify(document));
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { plain, small: await promisify(gzip)(plain), etag };
}

function refuseMethod({ method = '' }: HostRequest, response: ServerResponse): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain;charset=UTF-8' });
  response.end(`${method} does nothing here.`);
  return true;
}

function sendText(
  request: HostRequest,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    'Content-Type': `${type};charset=UTF-8`,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
