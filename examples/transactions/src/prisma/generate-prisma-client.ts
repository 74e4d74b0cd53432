import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PrismaPg } from '@prisma/adapter-pg';
import type * as ClientGenerator from '@prisma/client-generator-ts';
import type * as Internals from '@prisma/internals';

// As modules of ECMAScript they cannot be loaded: one of them imports a file without its extension.
const require = createRequire(import.meta.url);
const { PrismaClientTsGenerator } = require('@prisma/client-generator-ts') as typeof ClientGenerator;
const { getGenerator, loadSchemaContext } = require('@prisma/internals') as typeof Internals;

/** The class that was generated, and what to do when it is no longer needed. */
export interface Generated<Client> {
  /** Where it was generated, with `client/client.ts` in it. */
  readonly folder: string;
  readonly PrismaClient: new (options: { readonly adapter: PrismaPg }) => Client;
  readonly remove: () => void;
}

/**
 * Generates the client of `contacts.prisma` into a folder of its own. It does what `prisma generate` does, which a host
 * runs when it is built, but for its first step: that downloads an engine, which Prisma 7 needs for migrations only.
 */
export async function generatePrismaClient<Client>(): Promise<Generated<Client>> {
  const parent = fileURLToPath(new URL('../../.generated', import.meta.url));
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'prisma-'));
  const schema = join(folder, 'contacts.prisma');
  copyFileSync(new URL('contacts.prisma', import.meta.url), schema);
  const generator = await getGenerator({
    schemaContext: await loadSchemaContext({ schemaPath: { cliProvidedPath: schema }, printLoadMessage: false }),
    registry: { 'prisma-client': { type: 'in-process', generator: new PrismaClientTsGenerator() } },
    skipDownload: true,
    cliCommand: 'generate',
  });
  await generator.generate();
  generator.stop();
  const client = pathToFileURL(join(folder, 'client', 'client.ts')).href;
  const { PrismaClient } = (await import(client)) as Pick<Generated<Client>, 'PrismaClient'>;
  return { folder, PrismaClient, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
