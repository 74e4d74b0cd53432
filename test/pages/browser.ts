import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { keys, root, serveProgram, type Served } from '../demo-program.ts';

/** Where pictures of the pages are kept. */
const pictures = join(root, 'artifacts/pages');
mkdirSync(pictures, { recursive: true });

/** Sizes of windows: a desk's and a phone's. */
export const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/** The file's own browser, begun by its first test. */
let browser: Promise<Browser> | undefined;
test.after.always(async () => (await browser)?.close());

async function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return browser;
}

/** What a test of pages begins with. */
export interface Setup {
  /** What the CRM is started with. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What the browser's console and the CRM may say besides nothing, because the test makes it happen. */
  readonly expected?: readonly RegExp[];
}

/** A CRM of its own and a page of a browser that has never been there. */
export interface Visit {
  readonly crm: Served;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Keeps a picture of a page as it is now. */
  readonly picture: (name: string, of?: Page) => Promise<void>;
}

/**
 * A test that begins with a real CRM and a real browser. It fails, too, when the browser's console or the CRM complains, a
 * page throws, opens a dialog, breaks its content security policy, or asks another host for anything.
 */
export function visiting(setup: Setup, run: (t: ExecutionContext, visit: Visit) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    const crm = await serveProgram(setup.args ?? [], { ...keys, ...setup.environment });
    t.teardown(() => crm.child.kill('SIGKILL'));
    const context = await (await openBrowser()).newContext({ viewport: sizes.wide, baseURL: crm.url, locale: 'en-GB' });
    t.teardown(async () => context.close());
    const problems = await watch(context, crm.url);
    const page = await context.newPage();
    const picture: Visit['picture'] = async (name, of = page) => {
      await of.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, animations: 'disabled' });
    };
    try {
      await run(t, { crm, page, context, picture });
    } catch (error) {
      await picture(`failed ${t.title.replaceAll(/[^\w ]/g, '').slice(0, 80)}`).catch(() => undefined);
      for (const problem of problems) t.log(problem);
      throw error;
    }
    await context.close(); // It may still be loading something.
    crm.child.kill('SIGTERM');
    await crm.ended;
    problems.push(...crm.stderr().split('\n').filter(Boolean));
    t.deepEqual(
      problems.filter((problem) => !setup.expected?.some((pattern) => pattern.test(problem))),
      [],
    );
  };
}

/** Notes all that no page may do. */
async function watch(context: BrowserContext, url: string): Promise<string[]> {
  const problems: string[] = [];
  const { host } = new URL(url);
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      problems.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  context.on('weberror', (error) => problems.push(`page error: ${error.error().stack ?? error.error().message}`));
  context.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.host !== host && !['data:', 'blob:'].includes(asked.protocol)) problems.push(`another host: ${request.url()}`);
  });
  await context.exposeFunction('tellOfViolation', (what: string) => problems.push(`content security policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      (window as unknown as { readonly tellOfViolation: (what: string) => void }).tellOfViolation(
        `${violatedDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber})`,
      );
    });
  });
  return problems;
}

/** Signs in as a person does, on the page that asks for it. */
export async function signIn(page: Page, path = '/crm/contacts'): Promise<void> {
  await page.goto(path);
  await page.getByLabel('Password').fill(keys.CRM_API_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`**${path}`);
}
