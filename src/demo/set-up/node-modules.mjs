import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.mjs';

/**
 * Installs what package-lock.json names, unless node_modules holds just that already.
 *
 * @param {{ projectDir: string, say: (line: string) => void }} options
 * @returns {Promise<void>}
 * @throws {Error} with what npm printed, if it failed
 */
export async function ensureNodeModules({ projectDir, say }) {
  if (isInstalled(projectDir)) return;
  const whenWaiting = () => say('waiting for another run that installs the packages …');
  await oneAtATime({ folder: projectDir, name: 'npm ci', whenWaiting }, async () => {
    if (isInstalled(projectDir)) return;
    say('installing the packages of package-lock.json (npm ci) …');
    await npmCi(projectDir);
    writeFileSync(stampFile(projectDir), stampOf(projectDir));
  });
}

/** @param {string} projectDir */
function isInstalled(projectDir) {
  if (!existsSync(join(projectDir, 'node_modules/.package-lock.json'))) return false;
  const stamp = existsSync(stampFile(projectDir)) ? readFileSync(stampFile(projectDir), 'utf8') : null;
  if (stamp === stampOf(projectDir)) return true;
  const otherPlatform = stamp !== null && !stamp.startsWith(`${platform()} `);
  if (otherPlatform || !holdsWhatTheLockNames(projectDir)) return false;
  writeFileSync(stampFile(projectDir), stampOf(projectDir));
  return true;
}

/**
 * npm writes what it installed into node_modules/.package-lock.json as its last act. A developer's own `npm install`
 * is known by it, so that nobody's packages are deleted without need.
 *
 * @param {string} projectDir
 */
function holdsWhatTheLockNames(projectDir) {
  const wanted = packagesOf(join(projectDir, 'package-lock.json'));
  const present = packagesOf(join(projectDir, 'node_modules/.package-lock.json'));
  return Object.entries(wanted).every(([place, { version, optional, devOptional }]) => {
    if (place === '') return true;
    const found = present[place];
    return found === undefined ? optional === true || devOptional === true : found.version === version;
  });
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    // Another run's npm is in the midst of writing it: then nothing is installed yet.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** @param {string} projectDir */
function stampFile(projectDir) {
  return join(projectDir, 'node_modules/.installed-from');
}

/** @param {string} projectDir */
function stampOf(projectDir) {
  const lock = readFileSync(join(projectDir, 'package-lock.json'));
  return `${platform()} ${createHash('sha256').update(lock).digest('hex')}\n`;
}

function platform() {
  return `${process.platform}-${process.arch}`;
}

/**
 * Installs what the package-lock.json of a folder names, each package checked against the checksum there.
 *
 * @param {string} folder
 * @throws {Error} with what npm printed, if it failed
 */
export async function npmCi(folder) {
  // With --include=dev also where NODE_ENV says production: the tests and the demo are made of them. No package of
  // ours needs its install script (the native parts come as packages of their own), so none is run.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = [];
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => printed.push(chunk));
  const [code, signal] = await once(npm, 'close');
  if (code !== 0)
    throw new Error(
      `npm ci ended with ${signal ?? code}:\n${Buffer.concat(printed).toString('utf8').trim()}`,
    );
}
