import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedExec } from '../../src/demo/cluster/demo-cluster.ts';
import { shown } from '../flow/conversation.ts';
import { addPod, javaContainer } from '../flow/java-pods.ts';
import { startWorld, type World } from '../world.ts';
import { expectFailed } from './mid-transfer.ts';

/** A tool of somebody else's that hands over, as a dump of pid 1, what the name of the app says. */
const COMPANY_TOOL = `#!/bin/sh
set -eu
file=\${0%/*}/company.hprof
case $2 in
  junk) head -c 3500000 /dev/urandom >"$file" ;;
  empty) : >"$file"; printf 'dumped file=%s bytes=1000\\n' "$file"; exit ;;
  header) { printf 'JAVA PROFILE 1.0.2\\0'; head -c 3500000 /dev/zero; } >"$file" ;;
  missing) printf 'dumped file=%s bytes=1000\\n' "$file"; exit ;;
  *)
    jcmd 1 GC.heap_dump "$file.all" >&2
    case $2 in
      cut) head -c -20000 "$file.all" >"$file"; rm "$file.all" ;;
      longer) { cat "$file.all"; printf 'and more'; } >"$file"; rm "$file.all" ;;
      *) mv "$file.all" "$file" ;;
    esac ;;
esac
size=$(wc -c <"$file")
case $2 in liar) size=$((size + 5)) ;; esac
printf 'dumped file=%s bytes=%s\\n' "$file" "$size"
`;

describe('what the tool hands over is not the dump that it says', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      heapMb: 4,
      config: () => ({ transfer: { compress: 'none' }, worker: { partSizeMiB: 1 } }),
      environment: { JMAP_DUMP_TOOL_NAME: 'company-dump' },
      async toolsDir(workDir) {
        const dir = join(workDir, 'tools');
        await mkdir(dir);
        const own = fileURLToPath(new URL('../../tools/jmap-dump-tool', import.meta.url));
        await copyFile(own, join(dir, 'jmap-dump-tool'));
        await writeFile(join(dir, 'company-dump'), COMPANY_TOOL);
        return dir;
      },
    });
  });
  afterAll(() => world?.stop());

  const dumpOf = async (app: string, via: string) => {
    const pod = await addPod(world, `${app}-0`, [await javaContainer()], { labels: { app } });
    const { result } = await world.dump(`prod/${app}-0 --via ${via}`);
    return { pod, result };
  };

  const cases = [
    ['junk', 'dump-invalid'],
    ['header', 'dump-invalid'],
    ['cut', 'dump-invalid'],
    ['longer', 'dump-invalid'],
    ['liar', 'dump-invalid'],
    ['empty', 'dump-invalid'],
    ['missing', 'dump-vanished'],
  ] as const;
  const SAID = { 'dump-invalid': 'not a whole heap dump', 'dump-vanished': 'no longer in the container' };

  it.each(cases.flatMap((each) => (['relay', 'direct'] as const).map((via) => [...each, via] as const)))(
    '%s is named %s, and no link is given (%s)',
    async (app, code, via) => {
      const { pod, result } = await dumpOf(app, via);

      await expectFailed(world, result, { code, retry: 'new-approval' }, pod);
      expect(shown(result)).toContain(SAID[code]);
      await pod.delete({ graceSeconds: 0 });
    },
  );

  it('a connection that breaks while it dumps: it is not run a second time under the same approval, and the thread says what is left', async () => {
    const runs = ({ command }: RecordedExec): boolean => command.at(-2) === 'whole';
    world.cluster.faults.nextExec({ kind: 'cut-before-status' }, runs);

    const { pod, result } = await dumpOf('whole', 'relay');

    expect(world.cluster.faults.unused()).toEqual([]);
    const { id, outcome } = await world.request();
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'tool-failed', retry: 'new-approval' });
    expect(shown(result)).toContain('it is not run a second time');
    expect(result.links).toEqual([]);
    expect(world.dumpsTaken(pod)).toBe(1);
    // Nobody heard what the tool calls its file, so it is not ours to remove; people are told.
    expect(shown(result)).toContain(`/tmp/.heapdump-bot-${id}/company.hprof`);
  });
});
