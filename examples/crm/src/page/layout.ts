import { html, type Html, type Part } from './html.ts';
import type { WebhookPage } from './webhook-pages.ts';

/** The parts of the CRM, in the order of its menu. */
export const sections = [
  ['contacts', 'Contacts'],
  ['cars', 'Cars'],
  ['tags', 'Tags'],
  ['forms', 'Forms'],
  ['webhooks', 'Webhooks'],
] as const;
export type SectionName = (typeof sections)[number][0];

/** What one page says and shows. */
export interface Page {
  readonly title: string;
  /** The entry of the menu that it belongs to; null for a page without a menu. */
  readonly section: SectionName | null;
  readonly content: Part;
  readonly notice?: Part;
  readonly problem?: Part;
}

/** A whole page of the CRM. */
export function layout({ title, section, content, notice, problem }: Page, webhookPages: readonly WebhookPage[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Example CRM</title>
        <link rel="icon" href="/crm/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/crm/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
          <div class="bar">
            <a class="brand" href="/crm/contacts"><img src="/crm/icon.svg" alt="" width="28" height="28" />Example CRM</a>
            ${section && menu(section)}
          </div>
        </header>
        <main id="content">
          <h1>${title}</h1>
          ${notice && html`<p class="notice" role="status">${notice}</p>`}
          ${problem && html`<p class="problem" role="alert">${problem}</p>`} ${content}
        </main>
        ${section && webhookPages.length > 0 && footer(webhookPages)}
      </body>
    </html> `.text;
}

function menu(current: SectionName): Html {
  const entries = sections.map(
    ([name, title]) => html`<li><a href="/crm/${name}" ${name === current && html` aria-current="page"`}>${title}</a></li>`,
  );
  return html`<nav aria-label="CRM">
      <ul>
        ${entries}
      </ul>
    </nav>
    <form method="post" action="/crm/sign-out"><button class="quiet">Sign out</button></form>`;
}

function footer(pages: readonly WebhookPage[]): Html {
  return html`<footer>
    <nav aria-label="Webhooks">
      <ul>
        ${pages.map(({ href, title }) => html`<li><a href="${href}">${title}</a></li>`)}
      </ul>
    </nav>
  </footer>`;
}
