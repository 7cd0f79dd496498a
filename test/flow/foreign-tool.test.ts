import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, until, type World } from '../world.ts';
import { ask, now, readyOf, resultOf, shown, threadOf } from './conversation.ts';
import { addPod, javaContainer } from './java-pods.ts';

/** What somebody might have had before: three words, and one line at the end. Dumps pid 1 with jcmd. */
const COMPANY_TOOL = `#!/bin/sh
set -eu
[ $# -eq 3 ]
echo "dumping for $1 / $2 / $3"
case $2 in
  beside) file=\${0%/*}/company.hprof ;;
  broken) echo "licence expired" >&2; exit 3 ;;
  mute) exit 0 ;;
  *) file=/tmp/$1-$2-$3.hprof ;;
esac
jcmd 1 GC.heap_dump "$file" >&2
printf 'dumped file=%s bytes=%s\\n' "$file" "$(wc -c <"$file")"
`;

describe('a tool of the company’s own takes the place of jmap-dump-tool', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 4,
      environment: { JMAP_DUMP_TOOL_NAME: 'company-dump' },
      async toolsDir(workDir) {
        const dir = join(workDir, 'tools');
        await mkdir(dir);
        await copyFile(
          fileURLToPath(new URL('../../tools/jmap-dump-tool', import.meta.url)),
          join(dir, 'jmap-dump-tool'),
        );
        await writeFile(join(dir, 'company-dump'), COMPANY_TOOL);
        return dir;
      },
    });
  });
  afterAll(() => world?.stop());

  it('it gets project, app and env, and its dump is sent, proved and removed', async () => {
    const { id, card } = await ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    const result = await readyOf(world, id);

    expect(world.dumpsTaken()).toBe(1);
    const link = result.links.find((url) => url.includes('.hprof'));
    const body = Buffer.from(await (await fetch(String(link))).arrayBuffer());
    expect(body.subarray(0, 12).toString('latin1')).toBe('JAVA PROFILE');
    const commands = world.cluster.execs.map(({ command }) => command);
    expect(commands.map((command) => command.slice(-4))).toContainEqual([
      expect.stringMatching(/company-dump$/),
      'shop',
      'order-service',
      'prod',
    ]);
    // Of what was not proved nothing is claimed.
    expect(shown(result)).not.toContain('the JVM reported success');
    expect(await world.leftInPod()).toEqual([]);
    expect(shown(result)).not.toContain('could not be removed');
  });

  it('it may leave its dump beside itself', async () => {
    const pod = await addPod(world, 'beside-0', [await javaContainer()], { labels: { app: 'beside' } });
    const { id, card } = await ask(world, 'prod/beside-0');
    await world.press('Approve', card, world.cast.reviewer);
    const result = await readyOf(world, id);
    expect(shown(result)).not.toContain('could not be removed');
    expect(await world.leftInPod(pod)).toEqual([]);
    expect(world.dumpsTaken(pod)).toBe(1);
    await pod.delete({ graceSeconds: 0 });
  });

  it.each([
    ['broken', 'licence expired'],
    ['mute', 'the tool did not print'],
  ])('what it says when it is %s is shown, and nothing is left', async (app, said) => {
    const name = `${app}-0`;
    const pod = await addPod(world, name, [await javaContainer()], { labels: { app } });
    const { id, card } = await ask(world, `prod/${name}`);
    await world.press('Approve', card, world.cast.reviewer);
    const result = await resultOf(world, id);
    expect(result.text).toContain('failed');
    expect(shown(result)).toContain('The dump tool failed.');
    expect(shown(result)).toContain(said);
    // It may have paused the application: another try needs another approval.
    expect(shown(result)).toContain('Retry asks for a new approval');
    // The card's own change may come after the result.
    await until(
      () => !now(world, card).includes('[Cancel]'),
      10_000,
      () => now(world, card),
    );
    expect(threadOf(world, card)).toHaveLength(2);
    expect(await world.leftInPod(pod)).toEqual([]);
    await pod.delete({ graceSeconds: 0 });
  });
});
