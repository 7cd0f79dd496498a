/** A file of ours that the tool serves, and what it says to requests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWorkDir } from './jvm.ts';
import { startTool, type ToolOptions, type ToolRun } from './run-tool.ts';
import type { Shell } from './shells.ts';

export const MIB = 1_048_576;

export function fileOf(content: Buffer): { file: string; dir: string } {
  const dir = makeWorkDir();
  const file = join(dir, 'heap.hprof');
  writeFileSync(file, content);
  return { file, dir };
}

/** All requests at once, as a client sends them that keeps the way full; then the end of stdin. */
export function serve(
  shell: Shell,
  file: string,
  requests: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun> {
  const tool = startTool(shell, ['serve', '--file', file], { ...options, stdin: 'open' });
  tool.child.stdin?.end(requests.map((request) => `${request}\n`).join(''));
  return tool.ended;
}

/** What it answered, without what it says before and after, and without heartbeats. */
export const answersOf = (run: Pick<ToolRun, 'stderr'>): string[] =>
  run.stderr.split('\n').filter((line) => /^(sent|packed|measured|put|route|refused|failed) /.test(line));

/** What follows `key=` in an answer. */
export const wordOf = (answer: string | undefined, key: string): string | undefined =>
  answer
    ?.split(' ')
    .find((pair) => pair.startsWith(`${key}=`))
    ?.slice(key.length + 1);
