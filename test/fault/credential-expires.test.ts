import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../world.ts';

const HOUR_MS = 3_600_000;

describe('the STS credential for uploads ends in mid-transfer', () => {
  const dir = mkdtempSync(join(tmpdir(), 'heapdump-sts-'));
  const file = join(dir, 'credentials.json');
  let world: World;
  /** As a sidecar that renews the credential would. */
  const renew = (): void => {
    const key = world.oss.keys.assumeRole('everything', HOUR_MS);
    const credentials = {
      AccessKeyId: key.id,
      AccessKeySecret: key.secret,
      SecurityToken: key.securityToken,
      Expiration: new Date(key.expiresAt).toISOString(),
    };
    writeFileSync(file, JSON.stringify(credentials));
  };
  beforeAll(async () => {
    world = await startWorld({
      uploadCredentialsFile: file,
      config: () => ({ transfer: { compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
    renew();
  });
  afterAll(async () => {
    await world?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(['relay', 'direct'])(
    'a fresh one is taken, and the parts that are there stay good (%s)',
    async (via) => {
      world.oss.faults.next({ kind: 'key-expires' }, ({ operation, partNumber }) => {
        if (operation !== 'UploadPart' || partNumber !== 6) return false;
        renew();
        return true;
      });

      const { result, request } = await world.dump(`${world.target} --via ${via}`);

      expect(result.text).toContain('is ready');
      expect(request.outcome).toMatchObject({ attempts: 1, via });
      expect(world.oss.faults.left()).toBe(0);
      expect(world.oss.pendingUploads()).toEqual([]);
    },
  );
});
