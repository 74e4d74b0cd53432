import type { ServerResponse } from 'node:http';
import { entryOf } from './assets.ts';
import { escapeHtml, sendHtml, writeHtml } from './html.ts';

/** A page that cannot be shown because a session is nobody's. */
export interface WantedPage {
  /** The folder of its sources below `pages/`: its styles are this answer's, too. */
  readonly name: string;
  /** The way from its path to the mount point. */
  readonly root: string;
  /** Where people sign in. */
  readonly signIn: string | undefined;
}

/** Answers 401 with a page that runs nothing and shows nothing but where to sign in. */
export async function sendSignIn(response: ServerResponse, page: WantedPage): Promise<void> {
  const { name, root, signIn } = page;
  const { styles } = await entryOf(name);
  const html = writeHtml({
    title: 'Sign in',
    styles: styles.map((style) => `${root}assets/${style}`),
    body: `<main class="page">
<div class="card empty">
<h1>You are not signed in</h1>
<p>This page is for people with an account here. Sign in, then come back.</p>
${signIn === undefined ? '' : `<p><a class="button button-primary" href="${escapeHtml(signIn)}">Sign in</a></p>`}
</div>
</main>`,
  });
  sendHtml(response, 401, html);
}
