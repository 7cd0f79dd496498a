import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildJre, compileJava } from '../../src/demo/java/compile.ts';
import { ensureTools, type Tools } from '../../src/demo/set-up/debian-tools.ts';
import { tools } from '../tools.ts';

const run = promisify(execFile);
const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const leak = join(projectDir, 'src/demo/java/Leak.java');

describe.each(['this machine’s JDK, or what stands for it', 'the JDK of Debian’s archive, unpacked'])(
  'with %s',
  (which) => {
    let jdk: Tools;
    let outDir: string;
    const children: ChildProcess[] = [];

    beforeAll(async () => {
      const ignoreSystem = which.startsWith('the JDK of Debian');
      jdk = ignoreSystem ? await ensureTools({ projectDir, ignoreSystem, say: () => {} }) : tools();
    });
    beforeEach(async () => {
      outDir = await mkdtemp(join(tmpdir(), 'heapdump-java-'));
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await rm(outDir, { recursive: true, force: true });
    });

    /** Resolves once the service says that it is full. */
    async function startLeak(java: string, classes: string, megabytes: number) {
      const child = spawn(java, ['-Xmx256m', '-cp', classes, 'Leak', String(megabytes), '600'], {
        env: { ...process.env, ...jdk.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const lines: string[] = [];
      let rest = '';
      const ready = new Promise<void>((resolve, reject) => {
        child.stdout?.on('data', (chunk) => {
          const parts = `${rest}${chunk}`.split('\n');
          rest = parts.pop() ?? '';
          lines.push(...parts);
          if (lines.includes('ready')) resolve();
        });
        child.on('exit', (code) => reject(new Error(`ended with ${code}`)));
      });
      await ready;
      return { pid: String(child.pid), lines, child };
    }

    it('the leaky service runs on a runtime that has no tools, and is examined with the JDK’s', async () => {
      const classes = await compileJava({ tools: jdk, sources: [leak], outDir });
      const jre = await buildJre({ tools: jdk, outDir, modules: ['java.base'] });
      const megabytes = 40;
      const { pid, lines } = await startLeak(join(jre, 'bin/java'), classes, megabytes);
      const file = join(outDir, 'heap.hprof');

      const { stdout } = await run(join(jdk.javaHome, 'bin/jcmd'), [pid, 'GC.heap_dump', file], {
        env: { ...process.env, ...jdk.env },
      });

      expect((await readdir(join(jre, 'bin'))).filter((name) => /jcmd|jmap|jps/.test(name))).toEqual([]);
      expect(stdout).toContain('Heap dump file created');
      const { size } = await stat(file);
      expect(size / (megabytes << 20)).toBeGreaterThan(0.9);
      expect(size / (megabytes << 20)).toBeLessThan(1.5);
      expect(lines.filter((line) => !/^(ready|pause \d+ ms at \d{4}-\S+Z)$/.test(line))).toEqual([]);
    });

    it('a program is compiled once, and again when its text has changed', async () => {
      const source = join(outDir, 'Small.java');
      await writeFile(source, 'class Small {}');
      const first = await compileJava({ tools: jdk, sources: [source], outDir });
      const made = (await stat(join(first, 'Small.class'))).mtimeMs;

      const second = await compileJava({ tools: jdk, sources: [source], outDir });
      await writeFile(source, 'class Small { int changed; }');
      const third = await compileJava({ tools: jdk, sources: [source], outDir });

      expect(second).toBe(first);
      expect((await stat(join(second, 'Small.class'))).mtimeMs).toBe(made);
      expect(third).not.toBe(first);
    });

    it('a mistake in the program is shown, and nothing is kept of it', async () => {
      const source = join(outDir, 'Wrong.java');
      await writeFile(source, 'class Wrong { int x = "text"; }');

      await expect(compileJava({ tools: jdk, sources: [source], outDir })).rejects.toThrow(
        /javac failed: .*Wrong\.java:1/,
      );
      expect(await readdir(outDir)).toEqual(['Wrong.java']);
    });
  },
);

describe('the leaky service', () => {
  let outDir: string;
  beforeEach(async () => {
    outDir = await mkdtemp(join(tmpdir(), 'heapdump-leak-'));
  });
  afterEach(() => rm(outDir, { recursive: true, force: true }));

  it('says how long everything stood still', async () => {
    const classes = await compileJava({ tools: tools(), sources: [leak], outDir });
    const java = join(tools().javaHome, 'bin/java');
    const child = spawn(java, ['-Xmx64m', '-cp', classes, 'Leak', '1', '600'], {
      env: { ...process.env, ...tools().env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const heard = { text: '' };
      const until = (pattern: RegExp) =>
        new Promise<string>((resolve, reject) => {
          const look = () => {
            const found = pattern.exec(heard.text);
            if (found !== null) resolve(found[1] ?? found[0]);
          };
          child.stdout.on('data', look);
          child.on('exit', () => reject(new Error(`ended, having said ${heard.text}`)));
        });
      child.stdout.on('data', (chunk) => {
        heard.text += chunk;
      });
      await until(/^ready$/m);

      child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const longPause = until(/^pause ((?:[6-9]\d\d|\d{4,}) ms) at /m);
      child.kill('SIGCONT');

      expect(Number.parseInt(await longPause, 10)).toBeGreaterThanOrEqual(600);
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('explains itself when started wrongly', async () => {
    const classes = await compileJava({ tools: tools(), sources: [leak], outDir });
    const java = join(tools().javaHome, 'bin/java');
    const started = run(java, ['-cp', classes, 'Leak'], { env: { ...process.env, ...tools().env } });

    await expect(started).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('usage: java Leak'),
    });
  });
});
