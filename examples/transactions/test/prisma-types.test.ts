import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';
import { generatePrismaClient } from '../src/prisma/generate-prisma-client.ts';

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

test('what the example says of the client in a transaction is true of the one that Prisma generates', async (t) => {
  const { folder, remove } = await generatePrismaClient();
  t.teardown(remove);
  const program = `
    import type { Prisma } from './client/client.ts';
    import type { TransactionClient } from '../../src/postgres/prisma.ts';
    export const fits = (tx: Prisma.TransactionClient): TransactionClient => tx;`;
  writeFileSync(join(folder, 'fits.ts'), program);
  const config = {
    extends: '../../../../tsconfig.base.json',
    compilerOptions: { noEmit: true, composite: false, declaration: false, declarationMap: false, customConditions: ['source'] },
    files: ['fits.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  t.is(status, 0, stdout);
});
