import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoPod } from '../../src/demo/cluster/demo-cluster.ts';
import { POD_PATH } from '../../src/demo/set-up/system-tools.ts';
import { expectWhole } from '../fault/mid-transfer.ts';
import { startWorld, type World } from '../world.ts';
import { privately, shown } from './conversation.ts';
import { addPod, javaContainer } from './java-pods.ts';

const SUMS = ['cksum', 'md5sum', 'sha1sum', 'sha256sum'];

/** A container that has none of these programs on its PATH. */
const without = (...programs: string[]) =>
  javaContainer({
    curl: false,
    hidden: POD_PATH.split(':').flatMap((folder) => programs.map((program) => `${folder}/${program}`)),
  });

describe('containers that lack programs', () => {
  let world: World;
  let pod: DemoPod | undefined;
  beforeAll(async () => {
    world = await startWorld({ heapMb: 4, config: () => ({ worker: { partSizeMiB: 1 } }) });
  });
  afterEach(async () => {
    await pod?.delete({ graceSeconds: 0 });
    pod = undefined;
  });
  afterAll(() => world?.stop());

  it('without any checksum tool: named before anybody is asked, as nothing could be proved', async () => {
    pod = await addPod(world, 'no-sums', [await without(...SUMS)]);
    const { developer } = world.cast;
    const refused = await privately(world, developer, () => world.type('prod/no-sums'), /failed/);

    expect(shown(refused)).toContain('The container has none of cksum, md5sum, sha1sum and sha256sum');
    expect(shown(refused)).toContain('Add coreutils or busybox to the image.');
    expect(world.dumpsTaken(pod)).toBe(0);
    expect(await world.leftInPod(pod)).toEqual([]);
  });

  it.each([
    ['tar', ['tar'], 'cksum'],
    ['all checksum tools but sha256sum', ['cksum', 'md5sum', 'sha1sum'], 'sha256'],
    ['tar, gzip, curl, tee and stat', ['tar', 'gzip', 'igzip', 'curl', 'tee', 'stat'], 'cksum'],
  ])('without %s: what is left will do, and the dump is proved', async (_what, programs, podChecksum) => {
    const name = `lacks-${programs.length}`;
    pod = await addPod(world, name, [await without(...programs)]);
    const { result } = await world.dump(`prod/${name}`);

    expect(result.text).toContain('is ready');
    expect(await expectWhole(world, { pod })).toMatchObject({ via: 'relay', podChecksum });
  });
});
