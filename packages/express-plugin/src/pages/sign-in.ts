import type { ServerResponse } from 'node:http';
import type { HostRequest } from '../request.ts';
import { entryOf } from './assets.ts';
import { escapeHtml, sendHtml } from './page.ts';

/** A page that cannot be shown because a session is nobody's. */
interface WantedPage {
  /** The folder of its sources below `pages/`: its styles are this answer's, too. */
  readonly name: string;
  /** The way from its path to the mount point. */
  readonly root: string;
  /** Where people sign in. */
  readonly signIn: string | undefined;
}

/** Answers 401 with a page that runs nothing and shows nothing but where to sign in. */
export async function sendSignIn(request: HostRequest, response: ServerResponse, page: WantedPage): Promise<void> {
  const { name, root, signIn } = page;
  const { styles } = await entryOf(name);
  sendHtml(
    request,
    response,
    401,
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in</title>
${styles.map((style) => `<link rel="stylesheet" href="${root}assets/${style}">`).join('\n')}
</head>
<body>
<main class="page">
<div class="card empty">
<h1>You are not signed in</h1>
<p>This page is for people with an account here. Sign in, then come back.</p>
${signIn === undefined ? '' : `<p><a class="button button-primary" href="${escapeHtml(signIn)}">Sign in</a></p>`}
</div>
</main>
</body>
</html>
`,
  );
}
