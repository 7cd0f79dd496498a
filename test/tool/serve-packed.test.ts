import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { linesOf, runTool, startTool } from './run-tool.ts';
import { answersOf, fileOf, MIB, serve, wordOf } from './served.ts';
import { shells } from './shells.ts';

const COMMENT = 'HPROF BLOCKSIZE=1048576\0';
const LEAST_PART = 102_400;

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

/** Bytes that gzip makes half as large. */
const halfRandom = (size: number): Buffer =>
  Buffer.concat(
    Array.from({ length: size / 1024 }, () => Buffer.concat([randomBytes(512), Buffer.alloc(512, 'heap')])),
  );

/** What each member holds: where one ends, the next one's magic begins. */
function membersOf(packed: Buffer, count: number): Buffer[] {
  const members: Buffer[] = [];
  let rest = packed;
  while (members.length < count) {
    let end = rest.length;
    for (let at = rest.indexOf('1f8b08', 1, 'hex'); at > 0; at = rest.indexOf('1f8b08', at + 1, 'hex')) {
      const content = unpacked(rest.subarray(0, at));
      if (content === undefined) continue;
      end = at;
      break;
    }
    members.push(gunzipSync(rest.subarray(0, end)));
    rest = rest.subarray(end);
  }
  expect(rest.length).toBe(0);
  return members;
}

/** @returns undefined for what is cut in the midst of a member */
function unpacked(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

describe.each(shells())('A file that is packed on its way, under $name', (shell) => {
  it('comes in members of 1 MiB each, the first of which says so: Eclipse MAT reads that as it is', async () => {
    const content = Buffer.concat([halfRandom(2 * MIB), halfRandom(MIB), randomBytes(123)]);
    const { file, dir } = fileOf(content);

    const run = await serve(shell, file, [`pack 0 ${2 * MIB} md5`, `pack ${2 * MIB} ${4 * MIB} sha1`]);

    const [first, second] = answersOf(run);
    const cut = Number(wordOf(first, 'size'));
    expect(cut + Number(wordOf(second, 'size'))).toBe(run.stdout.length);
    expect([wordOf(first, 'bytes'), wordOf(second, 'bytes')]).toEqual([String(2 * MIB), String(MIB + 123)]);
    expect(wordOf(first, 'sum')).toBe(`md5:${md5Of(content.subarray(0, 2 * MIB))}`);
    expect(wordOf(second, 'sum')).toMatch(/^sha1:[0-9a-f]{40}$/);
    expect(run.stdout.subarray(0, 4).toString('hex')).toBe('1f8b0810');
    expect(run.stdout.subarray(10, 10 + COMMENT.length).toString('latin1')).toBe(COMMENT);
    expect(run.stdout.subarray(cut, cut + 4).toString('hex')).toBe('1f8b0800');
    const sizes = [
      ...membersOf(run.stdout.subarray(0, cut), 2),
      ...membersOf(run.stdout.subarray(cut), 2),
    ].map((member) => member.length);
    expect(sizes).toEqual([MIB, MIB, MIB, 123]);
    expect(gunzipSync(run.stdout).equals(content)).toBe(true);
    expect(readdirSync(dir)).toEqual(['heap.hprof']);
  });

  it('is never too small for a part of the store, but at its end', async () => {
    const content = Buffer.alloc(5 * MIB);
    const { file } = fileOf(content);

    const run = await serve(shell, file, [
      `pack 0 ${MIB} md5`,
      `pack ${MIB} ${2 * MIB} md5`,
      `pack ${3 * MIB} ${2 * MIB} md5`,
    ]);

    const sizes = answersOf(run).map((answer) => Number(wordOf(answer, 'size')));
    expect(sizes.map((size) => size >= LEAST_PART)).toEqual([true, true, false]);
    expect(run.stdout.subarray(10, 10 + COMMENT.length).toString('latin1')).toBe(COMMENT);
    expect(gunzipSync(run.stdout).equals(content)).toBe(true);
    const second = run.stdout.subarray(sizes[0], (sizes[0] ?? 0) + (sizes[1] ?? 0));
    expect(gunzipSync(second).length).toBe(2 * MIB);
  });

  it('is packed into a file of its own to be measured, which no way out leaves behind', async () => {
    const content = halfRandom(2 * MIB);
    const { file, dir } = fileOf(content);
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    await tool.said('serving bytes=');
    const parts = () => readdirSync(dir).filter((name) => name.startsWith('part.pack'));

    tool.child.stdin?.write(`measure-packed ${MIB} ${MIB} sha1\n`);
    await tool.said('measured offset=');
    const during = parts();
    tool.child.stdin?.end();
    const run = await tool.ended;

    const [answer] = answersOf(run);
    expect(answer).toMatch(
      /^measured offset=1048576 bytes=1048576 size=\d+ sum=md5:[0-9a-f]{32} raw-sum=sha1:[0-9a-f]{40}$/,
    );
    expect(Number(wordOf(answer, 'size'))).toBeLessThan(MIB);
    expect(wordOf(answer, 'raw-sum')).toBe(
      `sha1:${createHash('sha1').update(content.subarray(MIB)).digest('hex')}`,
    );
    expect(run.stdout.length).toBe(0);
    expect(during.length).toBe(1);
    expect(parts()).toEqual([]);
  });

  it('takes what a killed process left of it along when the directory is cleaned', async () => {
    const { file, dir } = fileOf(halfRandom(MIB));
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open' });
    tool.child.stdin?.write(`measure-packed 0 ${MIB} md5\n`);
    await tool.said('measured offset=');
    tool.child.kill('SIGKILL');
    await tool.ended;

    const run = await runTool(shell, ['clean', '--dir', dir]);

    expect(linesOf(run)).toEqual(['jmap-dump-tool 1', 'done']);
    expect(existsSync(dir)).toBe(false);
  });

  it('is refused where the disk is full, with nothing left there, and goes on being served', async () => {
    const { file, dir } = fileOf(randomBytes(2 * MIB));
    // As on a full disk, a write fails in the midst of the file.
    const via = ['sh', '-c', 'ulimit -f 1000; trap "" XFSZ; exec "$@"', 'sh'];

    const requests = [`measure-packed 0 ${2 * MIB} md5`, `send 0 ${MIB} md5`];
    const tool = startTool(shell, ['serve', '--file', file], { stdin: 'open', via });
    tool.child.stdin?.write(`${requests.join('\n')}\n`);
    await tool.said('sent offset=');
    const during = readdirSync(dir).filter((name) => name.startsWith('part.pack'));
    tool.child.stdin?.end();
    const run = await tool.ended;

    expect(answersOf(run)[0]).toBe('refused code=disk-full');
    expect(answersOf(run)[1]).toContain(`sent offset=0 bytes=${MIB}`);
    expect(during).toEqual([]);
  });
});
