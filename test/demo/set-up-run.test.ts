import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const setUp = fileURLToPath(new URL('../../src/demo/set-up', import.meta.url));

/** Stands for the Node 24 that npm brings: says the version that was asked for, and tells the programs that it was it. */
const FAKE_NODE_24 = `#!/bin/sh
[ "$1" = --version ] && exec cat "\${0%/*}/version"
HEAPDUMP_TEST_NODE=24 exec '${process.execPath}' "$@"
`;

/** A project of two files, with an npm on PATH that installs the real tsx and writes down each call. */
const FAKE_NPM = `#!/bin/sh
echo "$*" >> npm-calls
[ -e npm-fails ] && { echo 'npm error network is down' >&2; exit 7; }
sleep 0.3
rm -rf node_modules
mkdir -p node_modules/tsx
echo '{ "name": "tsx", "type": "module", "exports": "./index.js" }' > node_modules/tsx/package.json
echo 'import "${pathToFileURL(createRequire(import.meta.url).resolve('tsx'))}";' > node_modules/tsx/index.js
for path in @biomejs/biome/bin/biome typescript/bin/tsc knip/bin/knip.js \\
  dependency-cruiser/bin/dependency-cruise.mjs vitest/vitest.mjs
do
  mkdir -p "$(dirname "node_modules/$path")"
  cp program.js "node_modules/$path"
done
cp package-lock.json node_modules/.package-lock.json
case $PWD in */.cache/node24/*)
  home=node_modules/node-linux-${process.arch}/bin
  mkdir -p "$home"
  cp ../../../fake-node "$home/node"
  sed 's/.*"version":"\\([0-9.]*\\)".*/v\\1/' package-lock.json > "$home/version"
esac
`;

/** Stands for each program of a package: writes down its call, fails if told to, and compiles if it is the compiler. */
const FAKE_PROGRAM = `
Promise.all([import('node:fs'), import('node:path')]).then(([fs, path]) => {
  const args = process.argv.slice(2);
  const name = path.basename(process.argv[1]).replace(/\\..*/, '');
  fs.appendFileSync('program-calls', [name, ...args].join(' ') + '\\n');
  const node24 = [process.env.HEAPDUMP_TEST_NODE, process.env.PATH.split(':')[0]].join(' ');
  fs.writeFileSync('program-node', node24);
  if (args.includes('--outDir')) {
    const folder = args[args.indexOf('--outDir') + 1];
    fs.mkdirSync(folder + '/bot', { recursive: true });
    fs.writeFileSync(folder + '/bot/main.js', 'console.log("bot", ...process.argv.slice(2));');
  }
  process.exitCode = fs.existsSync(name + '-fails') ? 9 : 0;
});
`;

describe('npm run, in a fresh clone', () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heapdump-run-'));
    await cp(setUp, join(folder, 'src/demo/set-up'), { recursive: true });
    await write('package.json', '{ "type": "module" }');
    await write('package-lock.json', lockOf({ tsx: '1.0.0' }));
    await write('src/demo/main.ts', 'console.log("demo", ...process.argv.slice(2));');
    await write('program.js', FAKE_PROGRAM);
    await write('bin/npm', FAKE_NPM);
    await write('fake-node', FAKE_NODE_24);
    for (const program of ['bin/npm', 'fake-node']) await chmod(join(folder, program), 0o755);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  function lockOf(versions: Record<string, string>): string {
    const packages = Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]);
    return JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...Object.fromEntries(packages) } });
  }

  function start(program: string, args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore') {
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
    const child = spawn(program, args, { cwd: folder, env, stdio: [stdin, 'pipe', 'pipe'] });
    children.push(child);
    let stdout = '';
    let stderr = '';
    const waiting = new Set<() => void>();
    const heard = () => {
      for (const look of waiting) look();
    };
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      heard();
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
      heard();
    });
    const end = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
    const says = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!stdout.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        end.then(() => reject(new Error(`ended without saying '${text}': ${stdout}${stderr}`)), reject);
      });
    return { child, end, says };
  }

  const run = (...args: string[]) => start(process.execPath, ['src/demo/set-up/run.mjs', ...args]).end;
  const npmCalls = async () => (await readFile(join(folder, 'npm-calls'), 'utf8')).trim().split('\n');

  it('installs the packages, those of development too, says so in one line and goes on', async () => {
    const result = await run('demo', '--once', 'a b');

    expect(result).toMatchObject({ code: 0, stdout: 'demo --once a b\n' });
    expect(result.stderr).toMatch(/^set-up: installing .*\n$/);
    expect(await npmCalls()).toEqual([expect.stringMatching(/^ci .*--include=dev/)]);
  });

  it('installs nothing the second time, and again when package-lock.json has changed', async () => {
    await run('demo');
    const second = await run('demo');
    await write('package-lock.json', lockOf({ tsx: '1.0.1' }));
    await run('demo');

    expect(second.stderr).toBe('');
    expect(await npmCalls()).toHaveLength(2);
  });

  it('leaves alone what a developer has installed, if it is what the lock names', async () => {
    await run('demo');
    await rm(join(folder, 'node_modules/.installed-from'));

    const result = await run('demo');

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(await npmCalls()).toHaveLength(1);
  });

  it('installs anew what lacks a package, as npm ci --omit=dev leaves it', async () => {
    await run('demo');
    await rm(join(folder, 'node_modules/.installed-from'));
    await write('node_modules/.package-lock.json', lockOf({}));

    await run('demo');

    expect(await npmCalls()).toHaveLength(2);
  });

  it('installs anew what was installed for another kind of machine', async () => {
    await run('demo');
    const hash = (await readFile(join(folder, 'node_modules/.installed-from'), 'utf8')).split(' ')[1];
    await write('node_modules/.installed-from', `plan9-vax ${hash}`);

    await run('demo');

    expect(await npmCalls()).toHaveLength(2);
  });

  it('installs once when three start at the same time', async () => {
    const results = await Promise.all([run('demo'), run('demo'), run('demo')]);

    expect(results.filter(({ code, stdout }) => code !== 0 || stdout !== 'demo\n')).toEqual([]);
    expect(await npmCalls()).toHaveLength(1);
  });

  it('shows what npm complained of, and starts nothing', async () => {
    await write('npm-fails', '');

    const result = await run('demo');

    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('npm ci ended with 7:\nnpm error network is down');
  });

  it('hands back the exit code of what it ran', async () => {
    await write('src/demo/main.ts', 'process.exitCode = 42;');

    expect(await run('demo')).toMatchObject({ code: 42 });
  });

  const programCalls = async () => (await readFile(join(folder, 'program-calls'), 'utf8')).trim().split('\n');
  const programs = async () => (await programCalls()).map((call) => call.split(' ')[0]);

  it('npm test checks style, types, dead code and import directions before it runs all tests', async () => {
    expect(await run('test')).toMatchObject({ code: 0 });

    expect(await programs()).toEqual(['biome', 'tsc', 'tsc', 'knip', 'dependency-cruise', 'vitest']);
    expect((await programCalls()).at(-1)).toBe('vitest run');
  });

  it('npm test stops at the first check that fails', async () => {
    await write('knip-fails', '');

    expect(await run('test')).toMatchObject({ code: 9 });
    expect(await programs()).toEqual(['biome', 'tsc', 'tsc', 'knip']);
  });

  it('npm test -- test/tool runs just those tests', async () => {
    await run('test', 'test/tool', '-t', 'two words');

    expect(await programCalls()).toEqual(['vitest run test/tool -t two words']);
  });

  describe('npm run test:node24', () => {
    const node24 = (path: string) => join(folder, `.cache/node24/node-linux-${process.arch}`, path);

    it('runs all tests of what runs on Node, on a Node 24 that it fetches once and puts first on PATH', async () => {
      const first = await run('test:node24');
      const second = await run('test:node24');

      expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/fetching Node 24\.\d+\.\d+ /) });
      expect(second).toMatchObject({ code: 0, stderr: '' });
      expect(await programCalls()).toEqual(
        Array(2).fill('vitest run --exclude test/tool/** --exclude test/project/**'),
      );
      expect(await readFile(join(folder, 'program-node'), 'utf8')).toBe(
        `24 ${node24(`node_modules/node-linux-${process.arch}/bin`)}`,
      );
    });

    it('-- test/bot runs just those', async () => {
      await run('test:node24', 'test/bot');

      expect(await programCalls()).toEqual(['vitest run test/bot']);
    });

    it('has npm refuse a Node with another checksum', async () => {
      await run('test:node24');

      const lock = JSON.parse(await readFile(node24('package-lock.json'), 'utf8'));
      expect(lock.packages[`node_modules/node-linux-${process.arch}`]).toEqual({
        version: expect.stringMatching(/^24\./),
        integrity: expect.stringMatching(/^sha512-.{80,}==$/),
      });
      expect(await readFile(node24('npm-calls'), 'utf8')).toMatch(/^ci .*--ignore-scripts/);
    });

    it('does not take what says that it is another version', async () => {
      await write('fake-node', '#!/bin/sh\necho v20.20.2\n');
      await chmod(join(folder, 'fake-node'), 0o755);

      const result = await run('test:node24');

      expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('says that it is v20.20.2') });
      await expect(stat(node24('.complete'))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('fetches anew what an interrupted run has left', async () => {
      await run('test:node24');
      await rm(node24('.complete'));

      expect(await run('test:node24')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('fetching'),
      });
    });
  });

  it('npm run bot builds what it starts, once, and again when a source is newer', async () => {
    await write('tsconfig.json', '{}');
    await write('tsconfig.build.json', '{}');
    await write('src/bot/main.ts', '');

    const first = await run('bot', '--config', 'x.yaml');
    await run('bot');
    const calls = await programs();
    await write('src/bot/new.ts', '');
    await run('bot');

    expect(first).toMatchObject({ code: 0, stdout: 'bot --config x.yaml\n' });
    expect(calls).toEqual(['tsc']);
    expect(await programs()).toEqual(['tsc', 'tsc']);
  });

  it('npm run bot starts nothing that was not compiled', async () => {
    for (const file of ['tsconfig.json', 'tsconfig.build.json', 'src/bot/main.ts', 'tsc-fails'])
      await write(file, '{}');

    expect(await run('bot')).toMatchObject({ code: 9, stdout: '' });
  });

  it('names the scripts there are when asked for one that is not', async () => {
    const { code, stderr } = await run('dmeo');

    expect(code).toBe(2);
    expect(stderr).toContain("no script 'dmeo': demo, test");
  });

  it.each(['18.20.8', '20.18.3', '22.11.0', '21.7.3'])(
    'refuses Node %s in one clear line',
    async (version) => {
      await write('older.mjs', `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);

      const { end } = start(process.execPath, ['--import', './older.mjs', 'src/demo/set-up/run.mjs', 'demo']);

      const { code, stderr } = await end;
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^set-up: Node ${version} is too old: .*20\\.19.*\n$`));
    },
  );

  describe('when it is told to stop', () => {
    // Tidies up, as the demo does, and counts how often it is told.
    const TIDY = `
      const told = [];
      for (const signal of ['SIGINT', 'SIGTERM'])
        process.on(signal, () => {
          told.push(signal);
          if (told.length === 1) setTimeout(() => { console.log('told ' + told.join(' ')); process.exit(3); }, 500);
        });
      setInterval(() => {}, 1000);
      console.log('running');`;

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'passes %s on and waits until all is tidied up',
      async (signal) => {
        await write('src/demo/main.ts', TIDY);
        const { child, says, end } = start(process.execPath, ['src/demo/set-up/run.mjs', 'demo']);
        await says('running');

        child.kill(signal);

        expect(await end).toMatchObject({ code: 3, stdout: `running\ntold ${signal}\n` });
      },
    );

    it('Ctrl-C in a terminal counts once, though npm passes it on as well', async () => {
      await write('src/demo/main.ts', TIDY);
      // Stands for npm, which passes on what the terminal has sent to all of them already.
      await write(
        'like-npm.mjs',
        `import { spawn } from 'node:child_process';
        const child = spawn(process.execPath, ['src/demo/set-up/run.mjs', 'demo'], { stdio: 'inherit' });
        process.on('SIGINT', () => setTimeout(() => child.kill('SIGINT'), 50));
        child.on('exit', (code) => process.exit(code));`,
      );
      // exec: a shell in between would answer Ctrl-C with an exit code of its own.
      const command = `exec '${process.execPath}' like-npm.mjs`;
      const { child, says, end } = start('script', ['-q', '-e', '-c', command, '/dev/null'], 'pipe');
      await says('running');

      child.stdin?.write('\u0003');

      const { code, stdout } = await end;
      expect(stdout).toMatch(/told SIGINT\r?\n/);
      expect(code).toBe(3);
    });

    it('ends as a shell would say, when what it ran was killed', async () => {
      await write('src/demo/main.ts', "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");

      expect(await run('demo')).toMatchObject({ code: 137 });
    });
  });
});
