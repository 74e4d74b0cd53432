import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { Kind } from './catalog.ts';
import { pages, type PagesContext } from './page/pages.ts';
import { Refusal } from './refusal.ts';

/** The CRM's own routes and pages, and the webhook subscriptions of its users under `/1`. */
export function createApp(context: PagesContext, webhooks: RequestHandler): Express {
  const { crm } = context;
  const app = express();
  app.disable('x-powered-by');
  app.use('/1', webhooks);
  app.use('/crm', pages(context));
  app.get('/', (_request, response) => response.redirect(303, '/crm/contacts'));
  app.get('/favicon.ico', (_request, response) => response.redirect(308, '/crm/icon.svg'));
  app.use(express.json({ limit: '1mb' }));

  for (const kind of ['contacts', 'cars'] satisfies Kind[]) {
    app.post(`/${kind}`, async (request, response) => {
      const body: unknown = request.body;
      const created = Array.isArray(body) ? crm.createAll(kind, body, keyOf(request)) : crm.create(kind, body, keyOf(request));
      response.status(201).json(await created);
    });
    app.get(`/${kind}`, async (request, response) => {
      response.json(await crm.latest(kind, beforeOf(request)));
    });
    app.get(`/${kind}/:id`, async (request, response) => {
      response.json(await crm.find(kind, idOf(request, 'id')));
    });
    app.put(`/${kind}/:id/tags/:tag`, async (request, response) => {
      response.json({ changed: await crm.addTag(kind, idOf(request, 'id'), idOf(request, 'tag')) });
    });
    app.delete(`/${kind}/:id/tags/:tag`, async (request, response) => {
      response.json({ changed: await crm.removeTag(kind, idOf(request, 'id'), idOf(request, 'tag')) });
    });
  }

  app.post('/forms/:id/submissions', async (request, response) => {
    response.status(201).json(await crm.submitForm(idOf(request, 'id'), request.body, keyOf(request)));
  });
  for (const list of ['tags', 'forms'] as const) {
    app.get(`/${list}`, async (_request, response) => {
      response.json(await crm.list(list));
    });
    app.post(`/${list}`, async (request, response) => {
      response.status(201).json(await crm.name(list, (request.body as { readonly name?: unknown } | undefined)?.name));
    });
  }

  app.use((request, response) => {
    response.status(404).json({ error: `There is no ${request.method} ${request.path}. The README lists the routes.` });
  });
  app.use(answerError);
  return app;
}

function idOf(request: Request, name: 'id' | 'tag'): number {
  const text = String(request.params[name]);
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new Refusal(400, `"${text}" is not an id: write a whole number from 1 up.`);
}

function beforeOf(request: Request): number | undefined {
  const text = request.query['before'];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new Refusal(400, 'before is the id of a record: write a whole number from 1 up.');
}

/** The key by which a caller who got no answer may ask again: one of this route. */
function keyOf(request: Request): string | undefined {
  const key = request.get('Idempotency-Key');
  if (key === undefined) return undefined;
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return `${request.path} ${key}`;
  throw new Refusal(400, 'An Idempotency-Key is 1 to 200 letters, digits and signs of ASCII, without spaces.');
}

/** Express knows an error handler by its four parameters. */
function answerError(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return next(error);
  const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
  if (status >= 500) console.error(`${request.method} ${request.path} failed:`, error);
  response
    .status(status)
    .json({ error: status >= 500 ? 'Something went wrong here; nobody else can put it right.' : (error as Error).message });
}
