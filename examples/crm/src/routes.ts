import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { Kind } from './catalog.ts';
import type { Crm } from './crm.ts';
import { Refusal } from './refusal.ts';

/** The CRM's own routes, and the webhook subscriptions of its users under `/1`. */
export function createApp(crm: Crm, webhooks: RequestHandler): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use('/1', webhooks);
  app.use(express.json());

  for (const kind of ['contacts', 'cars'] satisfies Kind[]) {
    app.post(`/${kind}`, async (request, response) => {
      response.status(201).json(await crm.create(kind, request.body));
    });
    app.get(`/${kind}/:id`, (request, response) => {
      response.json(crm.find(kind, idOf(request, 'id')));
    });
    app.put(`/${kind}/:id/tags/:tag`, async (request, response) => {
      response.json({ changed: await crm.addTag(kind, idOf(request, 'id'), idOf(request, 'tag')) });
    });
    app.delete(`/${kind}/:id/tags/:tag`, async (request, response) => {
      response.json({ changed: await crm.removeTag(kind, idOf(request, 'id'), idOf(request, 'tag')) });
    });
  }

  app.post('/forms/:id/submissions', async (request, response) => {
    response.status(201).json(await crm.submitForm(idOf(request, 'id'), request.body));
  });
  for (const list of ['tags', 'forms'] as const) {
    app.get(`/${list}`, (_request, response) => void response.json(crm.list(list)));
    app.post(`/${list}`, (request, response) => {
      response.status(201).json(crm.name(list, (request.body as { readonly name?: unknown } | undefined)?.name));
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

/** Express knows an error handler by its four parameters. */
function answerError(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return next(error);
  const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
  if (status >= 500) console.error(`${request.method} ${request.path} failed:`, error);
  response
    .status(status)
    .json({ error: status >= 500 ? 'Something went wrong here; nobody else can put it right.' : (error as Error).message });
}
