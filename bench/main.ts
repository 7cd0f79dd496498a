#!/usr/bin/env node
/** `npm run bench`: measures, prints a table, writes it, a plot and all figures; `--json` ends with one line of JSON. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLab } from './lab.ts';
import { readOptions } from './options.ts';
import { svgOf } from './plot.ts';
import { jsonLine } from './report.ts';
import { runBench } from './run-bench.ts';
import { markdownOf } from './table.ts';

const projectDir = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const interrupted = new AbortController();
const stops: (() => Promise<void>)[] = [];
/** In the opposite order of the start; every one is stopped, whatever the others do. */
const stopAll = async (): Promise<void> => {
  for (const stop of stops.splice(0).reverse())
    await stop().catch((error: unknown) => say(`stopping: ${messageOf(error)}`));
};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    say(`${signal}: stopping everything …`);
    interrupted.abort(new Error(`${signal}`));
    // A measure that does not hear it must not keep us.
    setTimeout(() => void stopAll().finally(() => process.exit(130)), 10_000).unref();
  });

try {
  const options = readOptions(process.argv.slice(2), projectDir);
  const lab = await startLab(options, projectDir, say, interrupted.signal, stops);
  const report = await runBench(lab);
  await stopAll();
  const table = markdownOf(report);
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'table.md'), table);
  await writeFile(join(options.out, 'plot.svg'), svgOf(report));
  await writeFile(join(options.out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  console.log(table);
  say(`table, plot and figures are in ${relative(process.cwd(), options.out) || '.'}`);
  if (options.json) console.log(jsonLine(report));
  process.exit(report.broken.length > 0 ? 1 : 0);
} catch (error) {
  await stopAll();
  say(`The bench failed: ${messageOf(error)}`);
  process.exit(interrupted.signal.aborted ? 130 : 1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
