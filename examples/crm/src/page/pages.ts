import { readFileSync } from 'node:fs';
import express, { Router, type NextFunction, type Request, type Response } from 'express';
import type { Credentials } from '../arguments.ts';
import { kinds, type Kind } from '../catalog.ts';
import type { Crm } from '../crm.ts';
import { Refusal } from '../refusal.ts';
import { layout, sections, type Page, type SectionName } from './layout.ts';
import { recordOf, textOf, type Typed } from './record-form.ts';
import { isOwnRequest, type Sessions } from './session.ts';
import { formsView, recordsView, signInView, tagsView, toldOf, webhooksView } from './views.ts';
import { webhookPages } from './webhook-pages.ts';

const read = (name: string): Buffer => readFileSync(new URL(name, import.meta.url));
const style = read('./style.css');
const icon = read('./icon.svg');

/** Nothing but this CRM's own style sheet and icon: there is no script at all. */
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What the pages need. */
export interface PagesContext {
  readonly crm: Crm;
  readonly sessions: Sessions;
  readonly credentials: Credentials;
}

/** The pages of the CRM under `/crm`: HTML and forms, for those who have signed in. */
export function pages({ crm, sessions, credentials }: PagesContext): Router {
  const router = Router();

  /** What a section shows; `typed` is what a form had in it that was refused. */
  async function show(section: SectionName, request: Request, typed: Typed = {}): Promise<Pick<Page, 'title' | 'content'>> {
    const title = sections.find(([name]) => name === section)?.[1] ?? '';
    switch (section) {
      case 'contacts':
      case 'cars': {
        const before = /^[1-9]\d{0,14}$/.exec(asked(request, 'before'))?.[0] ?? '';
        const [listing, tags] = await Promise.all([
          crm.latest(section, before === '' ? undefined : Number(before)),
          crm.list('tags'),
        ]);
        return { title, content: recordsView({ kind: section, listing, tags, before }, typed) };
      }
      case 'tags':
        return { title, content: tagsView(await crm.list('tags'), typed) };
      case 'forms':
        return { title, content: formsView(await crm.list('forms'), typed) };
      case 'webhooks':
        return { title, content: webhooksView(credentials, webhookPages) };
    }
  }

  function send(response: Response, page: Page): void {
    response.type('html').send(layout(page, webhookPages));
  }

  /** Does what a form asks for and goes on to the page that it answers; what is refused is told above the form. */
  function action(section: SectionName, act: (request: Request, typed: Typed) => Promise<string>) {
    return async (request: Request, response: Response): Promise<void> => {
      const typed = typedIn(request);
      try {
        response.redirect(303, await act(request, typed));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const shown = await show(section, request, typed);
        send(response.status(error.status), { ...shown, section, problem: error.message });
      }
    };
  }

  router.use((request, response, next) => {
    response.set({
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    });
    if (request.method === 'GET' || isOwnRequest(request)) return next();
    throw new Refusal(403, 'Only the pages of this CRM may send this. Open it anew, and try again.');
  });
  router.get('/style.css', (_request, response) => void response.type('css').send(style));
  router.get('/icon.svg', (_request, response) => void response.type('svg').send(icon));
  router.use(express.urlencoded({ extended: false, limit: '100kb' }));

  router.get('/sign-in', (request, response) => {
    if (sessions.find(request)) return response.redirect(303, '/crm/contacts');
    send(response, { title: 'Sign in', section: null, content: signInView(ownPath(request.query['to'])) });
  });
  router.post('/sign-in', (request, response) => {
    const typed = typedIn(request);
    const to = ownPath(typed['to']);
    const cookie = sessions.signIn(textOf(typed, 'password'));
    if (cookie !== null) return response.set('Set-Cookie', cookie).redirect(303, to);
    const problem = 'That is not the password.';
    send(response.status(403), { title: 'Sign in', section: null, content: signInView(to), problem });
  });
  router.post('/sign-out', (_request, response) => response.set('Set-Cookie', sessions.signedOut).redirect(303, '/crm/sign-in'));

  router.use((request, response, next) => {
    if (sessions.find(request)) return next();
    response.redirect(
      303,
      `/crm/sign-in?to=${encodeURIComponent(request.method === 'GET' ? request.originalUrl : '/crm/contacts')}`,
    );
  });
  router.get('/', (_request, response) => response.redirect(303, '/crm/contacts'));
  for (const [section] of sections) {
    router.get(`/${section}`, async (request, response) => {
      send(response, { ...(await show(section, request)), section, notice: noticeOf(request) });
    });
  }
  for (const kind of ['contacts', 'cars'] satisfies Kind[]) {
    router.post(
      `/${kind}`,
      action(kind, async (_request, typed) => {
        const { id } = await crm.create(kind, recordOf(kind, typed));
        return told(kind, `object_create(${kinds[kind].objectType})`, kind, id);
      }),
    );
    for (const [verb, change, event] of [
      ['add', 'addTag', 'sub_tag'],
      ['remove', 'removeTag', 'unsub_tag'],
    ] as const) {
      router.post(
        `/${kind}/:id/tags/:tag/${verb}`,
        action(kind, async (request) => {
          const [id, tag] = [Number(request.params['id']), Number(request.params['tag'])];
          const changed = await crm[change](kind, id, tag);
          return changed ? told(kind, `${event}(${tag})`, kind, id, asked(request, 'before')) : `/crm/${kind}#${kind}-${id}`;
        }),
      );
    }
  }
  for (const list of ['tags', 'forms'] as const) {
    router.post(
      `/${list}`,
      action(list, async (_request, typed) => {
        await crm.name(list, textOf(typed, 'name'));
        return `/crm/${list}`;
      }),
    );
  }
  router.post(
    '/forms/:id/submissions',
    action('forms', async (request, typed) => {
      const { contact_id: contact, ...fields } = recordOfSubmission(typed);
      const form = Number(request.params['id']);
      const { id } = await crm.submitForm(form, contact === undefined ? fields : { contact_id: contact });
      return told('forms', `object_submits_form(${form})`, 'contacts', id);
    }),
  );

  router.use((request) => {
    throw new Refusal(404, `There is no page ${request.originalUrl}.`);
  });
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof Refusal) || response.headersSent) return next(error);
    const section = sessions.find(request) ? 'contacts' : null;
    send(response.status(error.status), { title: 'That did not work', section, problem: error.message, content: null });
  });
  return router;
}

/** Where to go on after an event, so that the page can tell of it. */
function told(section: SectionName, topic: string, kind: Kind, id: number, before = ''): string {
  const query = new URLSearchParams({ told: topic, kind, id: String(id) });
  if (before !== '') query.set('before', before);
  return `/crm/${section}?${query.toString()}${section === kind ? `#${kind}-${id}` : ''}`;
}

function noticeOf(request: Request): Page['notice'] {
  const kind = asked(request, 'kind') === 'cars' ? 'cars' : 'contacts';
  const [topic, id] = [asked(request, 'told'), asked(request, 'id')];
  return /^[a-z_]{1,40}\(\d{1,15}\)$/.test(topic) && /^\d{1,15}$/.test(id) ? toldOf(topic, kind, id) : null;
}

function recordOfSubmission(typed: Typed): Readonly<Record<string, string | number>> {
  const contact = textOf(typed, 'contact_id').trim();
  return { ...recordOf('contacts', typed), ...(contact === '' ? {} : { contact_id: Number(contact) }) };
}

/** A parameter of the page's address; empty when it is not there once. */
function asked(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' ? value : '';
}

function typedIn(request: Request): Typed {
  return (request.body ?? {}) as Typed;
}

/** A path of this server, and the first page instead of anything else. */
function ownPath(given: unknown): string {
  return typeof given === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(given) ? given : '/crm/contacts';
}
