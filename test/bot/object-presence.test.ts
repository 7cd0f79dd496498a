import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLookForObject } from '../../src/bot/object-presence.ts';
import { createLogger } from '../../src/log.ts';
import { fixedCredentials } from '../../src/oss-credentials.ts';
import { type StartedOss, startedOss } from '../demo/started-oss.ts';

describe('before a person is given a link', () => {
  let started: StartedOss;
  let lines: string[];
  beforeEach(async () => {
    started = await startedOss();
    lines = [];
  });
  afterEach(() => started.stop());

  const look = (secret = started.oss.accessKeys.download.secret) => {
    const { oss } = started;
    return createLookForObject(
      {
        bucket: oss.bucket,
        region: oss.region,
        publicEndpoint: oss.endpoint,
        pathStyle: true,
        signatureVersion: 'v4',
      },
      fixedCredentials({ accessKeyId: oss.accessKeys.download.id, accessKeySecret: secret }),
      createLogger({ name: 'test', level: 'info', write: (line) => lines.push(line) }),
    );
  };

  it('a dump that is in the bucket is found with the rights of the bot', async () => {
    await started.client().put('shop/a.hprof', Buffer.from('x'));

    expect(await look()('shop/a.hprof')).toBe('there');
  });

  it('one that was deleted is known to be gone', async () => {
    expect(await look()('shop/a.hprof')).toBe('gone');
    expect(lines).toEqual([]);
  });

  it.each([
    ['a store that answers 500', { kind: 'status', status: 500 } as const],
    ['a store that cuts the connection', { kind: 'reset', afterBytes: 0 } as const],
  ])('%s says nothing about it', async (_what, fault) => {
    started.oss.faults.next(fault, () => true, 5);

    expect(await look()('shop/a.hprof')).toBe('unknown');
  });

  it('nor does one that refuses the key, which is logged without it', async () => {
    expect(await look('not-the-secret')('shop/a.hprof')).toBe('unknown');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(started.oss.accessKeys.download.id);
  });

  it('nor does one that never answers, and nobody waits long for that', async () => {
    started.oss.faults.next({ kind: 'silence' });
    const began = performance.now();

    expect(await look()('shop/a.hprof')).toBe('unknown');
    expect(performance.now() - began).toBeLessThan(6000);
  });
});
