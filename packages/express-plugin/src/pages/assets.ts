import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HookwellError } from '@hookwell/core';
import { onlyGet } from '../only-get.ts';
import { prepareSmall, sendPrepared, type Prepared } from '../prepared.ts';
import type { Section } from '../section.ts';
import { sendText } from '../send-text.ts';

/** Where Vite puts what it makes of `pages/`, beside `src` and `dist`. */
const folder = new URL('../../assets/', import.meta.url);

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css;charset=UTF-8',
  '.js': 'text/javascript;charset=UTF-8',
  '.json': 'application/json;charset=UTF-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** What a page loads first. Paths below `assets/`. */
export interface Entry {
  readonly script: string;
  readonly styles: readonly string[];
}

interface Chunk {
  readonly file: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
  readonly assets?: readonly string[];
}

let manifest: Promise<Readonly<Record<string, Chunk>>> | undefined;

/** @throws {HookwellError} `invalid_option` when the pages were never built: in a checkout, not in the package */
async function readManifest(): Promise<Readonly<Record<string, Chunk>>> {
  manifest ??= readFile(new URL('manifest.json', folder), 'utf8').then(
    (text) => JSON.parse(text) as Record<string, Chunk>,
    (cause: unknown) => {
      manifest = undefined;
      throw new HookwellError(
        'invalid_option',
        `The pages are not built: ${fileURLToPath(folder)} has no manifest.json. Run "npm run build:pages" in the checkout.`,
        { cause },
      );
    },
  );
  return manifest;
}

/** What the page of that name loads: `console` for `pages/console/main.tsx`. */
export async function entryOf(page: string): Promise<Entry> {
  const chunks = await readManifest();
  const name = `${page}/main.tsx`;
  const chunk = chunks[name];
  if (!chunk) throw new Error(`There is no page "${page}" among the built ones.`);
  const styles = new Set<string>();
  const visit = ({ css = [], imports = [] }: Chunk): void => {
    for (const other of imports) visit(chunks[other] as Chunk);
    for (const style of css) styles.add(style);
  };
  visit(chunk);
  return { script: chunk.file, styles: [...styles] };
}

/** Serves `assets/…`: what the pages are built of. Each name has a hash of its content in it, so that it can be kept for ever. */
export function assets(): Section {
  const loaded = new Map<string, Promise<Prepared>>();

  return {
    find(path) {
      if (!path.startsWith('/assets/')) return undefined;
      return onlyGet(async (request, response) => {
        const asset = await load(path.slice('/assets/'.length));
        if (asset === null) return sendText(response, 404, 'There is no such file.');
        sendPrepared(request, response, asset, {
          headers: {
            'Cache-Control': 'public, max-age=31536000, immutable',
            'Cross-Origin-Resource-Policy': 'same-origin',
          },
        });
      });
    },
  };

  /** Only names of the manifest are ever looked up on the disk. */
  async function load(name: string): Promise<Prepared | null> {
    const chunks = Object.values(await readManifest());
    if (!chunks.some(({ file, css = [], assets: others = [] }) => file === name || css.includes(name) || others.includes(name))) {
      return null;
    }
    let asset = loaded.get(name);
    if (!asset) {
      asset = read(name);
      loaded.set(name, asset);
    }
    return asset;
  }
}

async function read(name: string): Promise<Prepared> {
  return prepareSmall(types[extname(name)] ?? 'application/octet-stream', await readFile(new URL(name, folder)));
}
