import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectDir } from '../project/project-files.ts';

describe('npm run bench -- --quick', () => {
  let out: string;
  let bench: ChildProcess | undefined;
  beforeEach(async () => {
    out = await mkdtemp(join(tmpdir(), 'bench-test-'));
  });
  afterEach(async () => {
    if (bench?.exitCode === null && bench.signalCode === null) {
      bench.kill('SIGTERM');
      await once(bench, 'exit');
    }
    await rm(out, { recursive: true, force: true });
  });

  it('ends with figures on one line, and leaves a table and a plot', async () => {
    const args = ['--quick', '--json', '--only', 'throughput,cut', '--out', out];
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
      cwd: projectDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    bench = child;
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });

    const [code] = await once(child, 'close');

    expect(stderr).not.toContain('broke');
    expect(code).toBe(0);
    const line = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    const figure = { value: expect.any(Number), min: expect.any(Number), max: expect.any(Number), runs: 1 };
    expect(line).toMatchObject({ relayVsPipe: figure, resentBytesAfterCut: figure, quick: true });
    // Not asked for.
    expect(line).toMatchObject({ approvalToLinkVsByHand: null, rssMbOne: null, rssMbEight: null });
    expect(line.met).toMatchObject({ resentBytesAfterCut: true });
    expect(await readFile(join(out, 'table.md'), 'utf8')).toContain('| bare pipe');
    expect(XMLValidator.validate(await readFile(join(out, 'plot.svg'), 'utf8'))).toBe(true);
  }, 300_000);
});
