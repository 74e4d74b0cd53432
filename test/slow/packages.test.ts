import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const consumers = fileURLToPath(new URL('consumers', import.meta.url));
const names = ['core', 'adapters', 'express-plugin'] as const;
const folder = mkdtempSync(join(tmpdir(), 'hookwell-packages-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** The Node versions that the packages say they run on: the oldest that they allow, and the one that we work with. */
const nodeVersions = ['22.18.0', '24.21.0'] as const;

let tarballs: readonly string[] = [];

test.before('the packages are built and packed', async () => {
  await run('npm', ['run', 'build'], { cwd: root });
  const workspaces = names.flatMap((name) => ['-w', `packages/${name}`]);
  await run('npm', ['pack', '--pack-destination', folder, ...workspaces], { cwd: root });
  tarballs = readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
});

test('three tarballs hold the built modules, their types, sources and licence, and nothing else', async (t) => {
  t.is(tarballs.length, names.length);
  for (const tarball of tarballs) {
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout.trim().split('\n');
    for (const wanted of ['package/package.json', 'package/LICENSE', 'package/README.md']) t.true(files.includes(wanted), wanted);
    const strange = files.filter(
      (file) => !/^package\/(package\.json|LICENSE|README\.md|CHANGELOG\.md|dist\/.+|src\/.+|assets\/.+)$/.test(file),
    );
    t.deepEqual(strange, []);
    t.deepEqual(
      files.filter((file) => /test\/|tsbuildinfo/.test(file)),
      [],
    );
  }
});

test('publint finds nothing to say about them', async (t) => {
  for (const name of names) {
    const { stdout } = await run('npx', ['publint', '--strict', `packages/${name}`], { cwd: root });
    t.regex(stdout, /All good!/, stdout);
  }
});

test('every entry resolves to types and to a module, as attw sees it', async (t) => {
  for (const tarball of tarballs) {
    await t.notThrowsAsync(run('npx', ['attw', '--profile', 'esm-only', '--format', 'ascii', tarball], { cwd: root }), tarball);
  }
});

test('the example plugins build against the built packages', async (t) => {
  const examples = readdirSync(join(root, 'examples')).filter((name) => name.startsWith('plugin-'));
  t.is(examples.length, 4);
  for (const name of examples) {
    await t.notThrowsAsync(run('npx', ['tsc', '-p', `examples/${name}`, '--noEmit'], { cwd: root }), name);
  }
});

for (const version of nodeVersions) {
  test.serial(`installed in an empty project on Node ${version}: an ES module app and a CommonJS app work`, async (t) => {
    const project = mkdtempSync(join(folder, `node-${version}-`));
    cpSync(consumers, project, { recursive: true });
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
    await run('npm', ['install', '--no-audit', '--no-fund', `node@${version}`, ...tarballs, ...(await peers())], {
      cwd: project,
    });
    const environment = { ...process.env, NODE_OPTIONS: '' };
    const node = join(project, 'node_modules/.bin/node');

    const esm = JSON.parse((await run(node, ['app.js'], { cwd: project, env: environment })).stdout) as Record<string, unknown>;
    const payload =
      'webhook_id=1&object_type_id=0&event[type]=sub_tag&event[tag_id]=3&data[id]=8&data[firstname]=Mary&data[lastname]=Jones&data[email]=mary@example.com&timestamp=T';
    t.deepEqual(esm, { node: `v${version}`, results: [payload, payload], cases: [true, true] });

    const { stdout, stderr } = await run(node, ['app.cjs'], { cwd: project, env: environment });
    t.like(JSON.parse(stdout), { node: `v${version}`, round: { delivered: 1, retried: 0, failed: 0, cancelled: 0 } });
    t.regex(stdout, /needs the option \\"authenticate\\"/);
    t.notRegex(stderr, /Error/);
  });
}

/** What the packages leave to their user to install, in the versions that this repository works with. */
async function peers(): Promise<readonly string[]> {
  const wanted = ['better-sqlite3', 'kysely', 'undici', 'express'];
  return wanted.map((name) => {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
    return `${name}@${version}`;
  });
}
