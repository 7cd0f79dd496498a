/** Java programs for the demo's pods, and a runtime for those that have no JDK tools. Both are made once and kept. */
import { type ExecFileException, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Tools } from '../set-up/debian-tools.ts';
import { oneAtATime } from '../set-up/one-at-a-time.mjs';

const run = promisify(execFile);

const TIMEOUT_MS = 5 * 60_000;

export interface CompileJavaOptions {
  tools: Pick<Tools, 'javaHome' | 'env'>;
  /** Paths of .java files. */
  sources: readonly string[];
  /** Kept results lie below it, one folder for each content. */
  outDir: string;
  signal?: AbortSignal;
}

/**
 * @returns folder of the class files, for `java -cp`
 * @throws Error with the compiler's complaints
 */
export async function compileJava({ tools, sources, outDir, signal }: CompileJavaOptions): Promise<string> {
  const contents = await Promise.all(sources.map((source) => readFile(source)));
  const parts = sources.flatMap((source, i) => [basename(source), contents[i] ?? '']);
  return await keep(outDir, 'classes', [await versionOf(tools), ...parts], async (folder) => {
    await runJava(tools, 'javac', ['-encoding', 'UTF-8', '-d', folder, ...sources], signal);
  });
}

export interface BuildJreOptions {
  tools: Pick<Tools, 'javaHome' | 'env'>;
  outDir: string;
  /** Modules of the JDK, such as java.base; jdk.jcmd would bring the tools along. */
  modules: readonly string[];
  signal?: AbortSignal;
}

/**
 * @returns home of a Java runtime that has `bin/java` and nothing to examine it with
 * @throws Error with jlink's complaints
 */
export async function buildJre({ tools, outDir, modules, signal }: BuildJreOptions): Promise<string> {
  return await keep(outDir, 'jre', [await versionOf(tools), ...modules], async (folder) => {
    // jlink makes its folder itself.
    await rm(folder, { recursive: true });
    const modulePath = ['--module-path', join(tools.javaHome, 'jmods'), '--add-modules', modules.join(',')];
    await runJava(
      tools,
      'jlink',
      [...modulePath, '--no-header-files', '--no-man-pages', '--output', folder],
      signal,
    );
  });
}

/** Makes a folder unless it is there. One that was broken off is never taken for a whole one. */
async function keep(
  outDir: string,
  what: string,
  parts: readonly (string | Buffer)[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  const kept = join(outDir, `${what}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(kept)) return kept;
  await mkdir(outDir, { recursive: true });
  return await oneAtATime({ folder: outDir, name: kept }, async () => {
    if (existsSync(kept)) return kept;
    const partial = await mkdtemp(join(outDir, '.partial-'));
    try {
      await make(partial);
      // mkdtemp lets nobody else in; pods run as other users, too.
      await chmod(partial, 0o755);
      await rename(partial, kept);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return kept;
  });
}

/** The JDK's own list of what it is: another build gets folders of its own. */
async function versionOf(tools: Pick<Tools, 'javaHome'>): Promise<Buffer> {
  return await readFile(join(tools.javaHome, 'release'));
}

async function runJava(
  tools: Pick<Tools, 'javaHome' | 'env'>,
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await run(join(tools.javaHome, 'bin', program), args, {
      env: { ...process.env, ...tools.env },
      timeout: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    const { stdout = '', stderr = '', message } = cause as ExecFileException;
    // jlink complains on stdout, javac on stderr.
    throw new Error(`${program} failed: ${`${stdout}${stderr}`.trim() || message}`, { cause });
  }
}
