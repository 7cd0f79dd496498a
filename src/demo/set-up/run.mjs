#!/usr/bin/env node
// Runs in a fresh clone, before any package is there: plain Node, nothing imported but Node's own and its neighbours.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectDir = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const say = (/** @type {string} */ line) => process.stderr.write(`set-up: ${line}\n`);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (!(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19))) {
  say(`Node ${process.versions.node} is too old: this needs 20.19 or later, 22.12 or later, or 24.`);
  process.exit(1);
}

// Imported only now: an older Node may not even be able to read them.
const { ensureNodeModules } = await import('./node-modules.mjs');
const { ensureNode24 } = await import('./node-24.mjs');
const { buildDist } = await import('./build-dist.mjs');
const { runChild } = await import('./run-child.mjs');

const [script = '', ...args] = process.argv.slice(2);
process.exitCode = await main().catch((error) => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});

/** @returns {Promise<number>} exit code */
async function main() {
  await ensureNodeModules({ projectDir, say });
  switch (script) {
    case 'demo':
      return await node('--import', 'tsx', 'src/demo/main.ts', ...args);
    case 'test':
      return await test();
    case 'test:node24':
      return await testOnNode24();
    case 'bench':
      return await bench();
    case 'lint':
      return await checks();
    case 'format':
      return await packageBinary('@biomejs/biome', 'bin/biome', 'check', '--write', ...args);
    case 'build':
      return await buildDist({ projectDir, say, always: true });
    case 'start':
      return await built('dist/main.js');
    case 'bot':
      return await built('dist/bot/main.js');
    case 'worker':
      return await built('dist/worker/main.js');
    case 'doctor':
      return await built('dist/doctor/main.js');
    case 'restore':
      return await built('dist/restore.js');
    default:
      say(
        `no script '${script}': demo, test, test:node24, bench, lint, format, build, start, bot, worker, doctor or restore`,
      );
      return 2;
  }
}

/** With arguments just the tests that they name: lints have had their turn before, or will. */
async function test() {
  if (args.length === 0) {
    const code = await checks();
    if (code !== 0) return code;
  }
  return await packageBinary('vitest', 'vitest.mjs', 'run', ...args);
}

/** Without arguments all tests of what runs on Node: not those of the pod's shell program, nor those of files' texts. */
async function testOnNode24() {
  const folder = await ensureNode24({ projectDir, say });
  const rest = args.length > 0 ? args : ['--exclude', 'test/tool/**', '--exclude', 'test/project/**'];
  // First on PATH: what the tests start by its name runs on it as well, npm too.
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const vitest = packageFile('vitest', 'vitest.mjs');
  return await runChild(join(folder, 'node'), [vitest, 'run', ...rest], { cwd: projectDir, env });
}

/** The worker that is measured is the built one: what runs for real, without a compiler in its memory. */
async function bench() {
  const code = await buildDist({ projectDir, say });
  if (code !== 0) return code;
  return await node('--import', 'tsx', 'bench/main.ts', ...args);
}

/** Style, types, dead code, import directions: the quick ones first; stops at the first that fails. */
async function checks() {
  const steps = [
    () => packageBinary('@biomejs/biome', 'bin/biome', 'check', '--error-on-warnings'),
    () => packageBinary('typescript', 'bin/tsc', '--noEmit'),
    () => packageBinary('typescript', 'bin/tsc', '--noEmit', '-p', 'src/demo/page/client'),
    () => packageBinary('knip', 'bin/knip.js'),
    () =>
      packageBinary(
        'dependency-cruiser',
        'bin/dependency-cruise.mjs',
        '--config',
        '.dependency-cruiser.json',
        'src',
      ),
  ];
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
  }
  return 0;
}

/** @param {string} file */
async function built(file) {
  const code = await buildDist({ projectDir, say });
  if (code !== 0) return code;
  return await node('--enable-source-maps', file, ...args);
}

/** @param {string} name @param {string} file @param {...string} rest */
async function packageBinary(name, file, ...rest) {
  return await node(packageFile(name, file), ...rest);
}

/** @param {string} name @param {string} file */
function packageFile(name, file) {
  const path = join(projectDir, 'node_modules', name, file);
  if (!existsSync(path))
    throw new Error(`${name} is not in node_modules as expected: delete node_modules, run again`);
  return path;
}

/** @param {...string} nodeArgs */
async function node(...nodeArgs) {
  return await runChild(process.execPath, nodeArgs, { cwd: projectDir });
}
