/** A stand-in OSS in a directory of its own, and unmodified ali-oss clients for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OSS from 'ali-oss';
import { type DemoOss, type DemoOssOptions, startOss } from '../../src/demo/oss/demo-oss.ts';

export interface StartedOss {
  readonly oss: DemoOss;
  /** Signs with the upload key and version 4, path style, unless told. */
  client(options?: Record<string, unknown>): OSS;
  stop(): Promise<void>;
}

export async function startedOss(options: Omit<DemoOssOptions, 'workDir'> = {}): Promise<StartedOss> {
  const workDir = await mkdtemp(join(tmpdir(), 'demo-oss-'));
  const oss = await startOss({ workDir, ...options });
  return {
    oss,
    client: (more = {}) =>
      new OSS({
        endpoint: oss.endpoint,
        sldEnable: true,
        bucket: oss.bucket,
        region: oss.region,
        accessKeyId: oss.accessKeys.upload.id,
        accessKeySecret: oss.accessKeys.upload.secret,
        authorizationV4: true,
        ...more,
      } as OSS.Options),
    stop: async () => {
      await oss.stop();
      await rm(workDir, { recursive: true, force: true });
    },
  };
}

/** An error of ali-oss, as far as tests look at it. */
export interface SdkError {
  readonly status?: number;
  readonly code?: string;
  readonly requestId?: string;
}

/** @returns what a call was refused with */
export async function refusalOf(call: Promise<unknown>): Promise<SdkError> {
  try {
    await call;
  } catch (error) {
    return error as SdkError;
  }
  throw new Error('the call was not refused');
}
