/** The OSS adapter on a stand-in OSS. */

import type { DemoOssOptions, OssCall } from '../../src/demo/oss/demo-oss.ts';
import { type CredentialSource, fixedCredentials } from '../../src/oss-credentials.ts';
import { createCrc64 } from '../../src/worker/store/crc64.ts';
import { type ObjectStore, StoreError } from '../../src/worker/store/object-store.ts';
import { createOssStore, type OssOptions } from '../../src/worker/store/oss.ts';
import { type StartedOss, startedOss } from '../demo/started-oss.ts';

export interface StartedStore extends StartedOss {
  readonly store: ObjectStore;
}

export async function startedStore(
  options: Partial<OssOptions> = {},
  more: { oss?: Omit<DemoOssOptions, 'workDir'>; credentials?: CredentialSource; random?: () => number } = {},
): Promise<StartedStore> {
  const started = await startedOss(more.oss);
  return { ...started, store: storeOn(started, options, more.credentials, more.random) };
}

export function storeOn(
  { oss }: StartedOss,
  options: Partial<OssOptions> = {},
  credentials: CredentialSource = fixedCredentials({
    accessKeyId: oss.accessKeys.upload.id,
    accessKeySecret: oss.accessKeys.upload.secret,
  }),
  random?: () => number,
): ObjectStore {
  return createOssStore(
    {
      bucket: oss.bucket,
      region: oss.region,
      endpoint: oss.endpoint,
      pathStyle: true,
      signatureVersion: 'v4',
      partTimeoutMs: 60_000,
      retry: { attempts: 4, baseMs: 1, maxMs: 5 },
      ...options,
    },
    credentials,
    random,
  );
}

export async function storeErrorOf(call: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await call.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof StoreError) return error;
  throw new Error('not a StoreError', { cause: error });
}

export async function crc64Of(bytes: Uint8Array): Promise<string> {
  const crc = await createCrc64();
  crc.update(bytes);
  return crc.value().toString();
}

/** For faults that are meant for one kind of call. */
export const callOf =
  (operation: OssCall['operation']) =>
  (call: OssCall): boolean =>
    call.operation === operation;

/** How the calls of one kind were answered, in the order in which they ended. */
export const answersTo = ({ oss }: StartedOss, operation: OssCall['operation']): (number | undefined)[] =>
  oss.requests.filter((request) => request.operation === operation).map(({ status }) => status);
