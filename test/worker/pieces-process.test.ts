import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { transpileModule } from 'typescript';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Has one piece treated, and closes nothing. */
const useThreads = (module: string): string => `
  import(${JSON.stringify(pathToFileURL(module).href)}).then(async ({ createPieceThreads }) => {
    const raw = new SharedArrayBuffer(9);
    Buffer.from(raw).write('123456789');
    const threads = createPieceThreads({ threads: 1 });
    const { sum } = await threads.treat({ raw, rawBytes: 9, sum: 'cksum' }, new AbortController().signal);
    process.stdout.write(sum);
  });`;

/** As the build does it, but for the few files that a thread is made of. */
async function buildPieces(outDir: string): Promise<void> {
  const folders = ['src/worker/pieces', 'src/worker/store'];
  const sources = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(projectDir, folder))).map((name) => join(folder, name)),
    ),
  );
  const { compilerOptions } = JSON.parse(await readFile(join(projectDir, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: { rewriteRelativeImportExtensions: boolean };
  };
  const { rewriteRelativeImportExtensions } = compilerOptions;
  for (const source of [...sources.flat(), 'src/worker/hprof-walk.ts']) {
    const text = await readFile(join(projectDir, source), 'utf8');
    const options = { target: 99, module: 99, verbatimModuleSyntax: true, rewriteRelativeImportExtensions };
    const { outputText } = transpileModule(text, { compilerOptions: options });
    const target = join(outDir, source.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  await writeFile(join(outDir, 'package.json'), '{ "type": "module" }');
  await symlink(join(projectDir, 'node_modules'), join(outDir, 'node_modules'));
}

describe('a process that uses threads', () => {
  it('ends by itself when they are idle, while it runs from TypeScript', async () => {
    const module = join(projectDir, 'src/worker/pieces/piece-threads.ts');

    const ended = await run(process.execPath, ['--import', 'tsx', '--eval', useThreads(module)], {
      cwd: projectDir,
      timeout: 60_000,
    });

    expect(ended).toEqual({ stdout: '930766865', stderr: '' });
  });

  it('does so as well when it was built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'built-pieces-'));
    try {
      await buildPieces(folder);
      const module = join(folder, 'dist/worker/pieces/piece-threads.js');

      const ended = await run(process.execPath, ['--eval', useThreads(module)], {
        cwd: folder,
        timeout: 60_000,
      });

      expect(ended).toEqual({ stdout: '930766865', stderr: '' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
