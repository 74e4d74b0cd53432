import { readFileSync } from 'node:fs';
import GithubSlugger from 'github-slugger';
import type { Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { visit } from 'unist-util-visit';

/** Something that is wrong in a page. */
export interface Problem {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  /** What stands behind the language. */
  readonly meta: string;
  readonly code: string;
  /** The line of its first line of code. */
  readonly line: number;
  /** The names in the comment `<!-- with: … -->` right before the fence. */
  readonly context: readonly string[];
}

/** A link or an image. */
interface Link {
  readonly target: string;
  readonly line: number;
}

/** A Markdown file, as far as it can be checked. */
export interface Page {
  /** Relative to the root of the repository, with slashes. */
  readonly file: string;
  readonly blocks: readonly CodeBlock[];
  readonly links: readonly Link[];
  /** What a link to this page can name behind its `#`. */
  readonly anchors: ReadonlySet<string>;
}

/** Reads a Markdown file of the repository. */
export function readPage(root: string, file: string): Page {
  return parsePage(file, readFileSync(`${root}/${file}`, 'utf8'));
}

/** Takes a Markdown text apart. */
export function parsePage(file: string, text: string): Page {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  const links: Link[] = [];
  const blocks: CodeBlock[] = [];
  visit(tree, (node, index, parent) => {
    const line = node.position?.start.line ?? 1;
    if (node.type === 'heading') anchors.add(slugger.slug(toString(node)));
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition') links.push({ target: node.url, line });
    if (node.type === 'code') {
      const before = index === undefined || index === 0 ? undefined : (parent as Root | undefined)?.children[index - 1];
      const { lang, meta, value } = node;
      blocks.push({ language: lang ?? '', meta: meta ?? '', code: value, line: line + 1, context: contextOf(before) });
    }
  });
  return { file, blocks, links, anchors };
}

function contextOf(before: RootContent | undefined): readonly string[] {
  const names = before?.type === 'html' ? /^<!--\s*with:([^>]*)-->$/.exec(before.value.trim())?.[1] : undefined;
  return (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
