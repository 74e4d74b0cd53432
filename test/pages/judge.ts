import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, ImpactValue } from 'axe-core';
import type { ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { sizes, type Visit } from './browser.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const grave = new Set<ImpactValue | undefined>(['serious', 'critical']);

/** Fails when axe-core finds a serious fault of accessibility on the page as it is now, or in the parts of it that a selector names. */
export async function checkAccessibility(t: ExecutionContext, page: Page, where: string, parts = 'html'): Promise<void> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(async (selector) => {
    const { axe } = window as unknown as { readonly axe: { run: (where: string) => Promise<AxeResults> } };
    return axe.run(selector);
  }, parts);
  const found = violations.map(({ id, impact, help, nodes }) => ({
    line: `${impact}: ${id}: ${help} (${nodes.length}): ${nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${(failureSummary ?? '').split('\n').slice(1).join(' ').trim()}`)
      .join(' | ')}`,
    grave: grave.has(impact ?? undefined),
  }));
  for (const { line } of found.filter((one) => !one.grave)) t.log(`${where}: ${line}`);
  t.deepEqual(
    found.filter((one) => one.grave).map(({ line }) => line),
    [],
    where,
  );
}

/** Fails when the page is wider than the window, so that one would have to scroll sideways. */
async function checkWidth(t: ExecutionContext, page: Page, where: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const { clientWidth } = document.documentElement;
    return [...document.querySelectorAll('body *')]
      .filter(
        (element) =>
          element.getBoundingClientRect().right > clientWidth + 1 && document.documentElement.scrollWidth > clientWidth,
      )
      .slice(0, 3)
      .map((element) => element.outerHTML.slice(0, 120));
  });
  t.deepEqual(wide, [], `${where} is wider than its window`);
}

/** Takes pictures of a page in both sizes and both colour schemes, and judges each. */
export async function lookAt(
  t: ExecutionContext,
  { page, picture }: Pick<Visit, 'page' | 'picture'>,
  name: string,
): Promise<void> {
  const began = page.viewportSize() ?? sizes.wide;
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const where = `${name}-${size}-${colorScheme}`;
      await picture(where);
      await checkWidth(t, page, where);
      await checkAccessibility(t, page, where);
    }
  }
  await page.setViewportSize(began);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/**
 * Fails when something on the page could run, or lead to what runs: an element or an attribute that no page of ours makes.
 * Whatever runs by itself has been seen already, by a dialog or by the policy that stopped it.
 */
export async function checkNothingForeign(t: ExecutionContext, page: Page, where: string): Promise<void> {
  const foreign = await page.evaluate(() => {
    const open = (root: Document | ShadowRoot): Element[] => {
      const all = [...root.querySelectorAll('*')];
      return all.concat(all.flatMap(({ shadowRoot }) => (shadowRoot ? open(shadowRoot) : [])));
    };
    const runs = (element: Element): boolean =>
      element.matches('iframe, object, embed, base, frame, marquee, template, math, meta[http-equiv]') ||
      element.matches('script:not([type="application/json"]):not([nonce])') ||
      [...element.attributes].some(
        ({ name, value }) =>
          /^on/i.test(name) ||
          (/^(?:xlink:)?(?:href|src|action|formaction)$/i.test(name) && /^\s*(?:j\s*a\s*v\s*a\s*s\s*c|data:text)/i.test(value)),
      );
    return open(document)
      .filter(runs)
      .map(({ outerHTML }) => outerHTML.slice(0, 200));
  });
  t.deepEqual(foreign, [], where);
}
