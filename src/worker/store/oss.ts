/** The object store on Alibaba Cloud OSS, through ali-oss. One OSS call per method, in the order of an upload. */
import { bucketUrl, checkObjectKey, checkOssAddress } from '../../oss-client.ts';
import type { CredentialSource } from '../../oss-credentials.ts';
import { abortStrays, abortUntilGone } from './abort-upload.ts';
import { type ObjectStore, type StoredObject, type StoredPart, StoreError } from './object-store.ts';
import { createOssCaller } from './oss-caller.ts';
import { responseHeaders, storedObject, uploadHeaders } from './oss-object-headers.ts';
import type { OssOptions } from './oss-options.ts';
import { listPage, sendPart } from './oss-parts.ts';
import { PartsUnderWay } from './parts-under-way.ts';
import { podAddress, presignPart } from './presign-part.ts';
import { readObject } from './read-object.ts';
import { listObjects, putSmall } from './small-objects.ts';

export type { OssOptions } from './oss-options.ts';

/** https://www.alibabacloud.com/help/en/oss/user-guide/multipart-upload */
const LIMITS = { minPartBytes: 100 * 1024, maxParts: 10_000 } as const;

/**
 * @param random from 0 up to 1, for the jitter of the back-off
 * @throws TypeError for an address that ali-oss would misunderstand
 */
export function createOssStore(
  options: OssOptions,
  credentials: CredentialSource,
  random: () => number = Math.random,
): ObjectStore {
  checkOssAddress(options);
  const { callTimeoutMs = 60_000, partTimeoutMs, leastRate = 32 * 1024, retry } = options;
  const route = bucketUrl(podAddress(options));
  const caller = createOssCaller(options, credentials, retry, random);
  const underWay = new PartsUnderWay();
  const aborting = { caller, timeoutMs: callTimeoutMs, retry, random };

  const head = async (objectKey: string, signal: AbortSignal): Promise<StoredObject | undefined> => {
    checkObjectKey(objectKey);
    try {
      const answer = await caller.call(
        {
          what: `Object ${objectKey} could not be looked up`,
          timeoutMs: callTimeoutMs,
          run: (client, timeout) => client.head(objectKey, { timeout }),
        },
        signal,
      );
      return storedObject(responseHeaders(answer.res));
    } catch (error) {
      if (error instanceof StoreError && error.vendor.status === 404) return undefined;
      throw error;
    }
  };

  return {
    bucket: options.bucket,
    limits: LIMITS,

    beginUpload: async ({ objectKey, metadata }, signal) => {
      checkObjectKey(objectKey);
      const headers = uploadHeaders(options, metadata);
      const begun = await caller.call(
        {
          what: `Upload of ${objectKey} could not begin`,
          timeoutMs: callTimeoutMs,
          run: (client, timeout) =>
            client.initMultipartUpload(objectKey, { timeout, headers, mime: 'application/octet-stream' }),
        },
        signal,
      );
      return begun.uploadId;
    },

    uploadPart: async (objectKey, uploadId, part, signal) => {
      checkObjectKey(objectKey);
      const timeoutMs = partTimeoutMs + Math.ceil((part.body.byteLength / leastRate) * 1000);
      return underWay.run(uploadId, signal, (within) =>
        sendPart(caller, timeoutMs, { objectKey, uploadId, ...part }, within),
      );
    },

    presignPart: async (objectKey, uploadId, number, part, signal) => {
      checkObjectKey(objectKey);
      return presignPart(caller, podAddress(options), { objectKey, uploadId, number, ...part }, signal);
    },

    routeUrl: () => route,

    listParts: async (objectKey, uploadId, signal) => {
      checkObjectKey(objectKey);
      const parts: StoredPart[] = [];
      for (let after = 0; ; ) {
        const page = await caller.call(
          {
            what: `Parts of ${objectKey} could not be listed`,
            timeoutMs: callTimeoutMs,
            run: (client, timeout) => listPage(client, objectKey, uploadId, after, timeout),
          },
          signal,
        );
        parts.push(...page.parts);
        if (page.next === undefined) return parts;
        after = page.next;
      }
    },

    completeUpload: async (objectKey, uploadId, parts, signal) => {
      checkObjectKey(objectKey);
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      const what = `Upload of ${objectKey} could not be completed`;
      let crc64: string | undefined;
      try {
        const completed = await caller.call(
          {
            what,
            timeoutMs: callTimeoutMs,
            run: (client, timeout) =>
              client.completeMultipartUpload(
                objectKey,
                uploadId,
                parts.map(({ number, etag }) => ({ number, etag })),
                { timeout },
              ),
          },
          signal,
        );
        crc64 = responseHeaders(completed.res).get('x-oss-hash-crc64ecma');
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'no-such-upload') throw error;
        // It may have been completed, and the answer lost: then the object is there, and as long as its parts.
        const stored = await head(objectKey, signal);
        if (stored?.sizeBytes !== sizeBytes) throw error;
        return stored;
      }
      const stored = await head(objectKey, signal);
      if (stored === undefined)
        throw new StoreError('unreachable', `${what}: OSS completed it and has no such object`);
      if (stored.sizeBytes !== sizeBytes)
        throw new StoreError(
          'checksum-mismatch',
          `${what}: ${sizeBytes} bytes were sent and ${stored.sizeBytes} are stored`,
        );
      if (crc64 !== undefined && stored.crc64 !== undefined && crc64 !== stored.crc64)
        throw new StoreError('checksum-mismatch', `${what}: OSS names two checksums for one object`);
      return { ...stored, crc64: crc64 ?? stored.crc64 };
    },

    abortUpload: async (objectKey, uploadId, signal) => {
      checkObjectKey(objectKey);
      await underWay.end(uploadId);
      await abortUntilGone(aborting, objectKey, uploadId, signal);
    },

    abortStrayUploads: async (objectKey, keepUploadId, signal) => {
      checkObjectKey(objectKey);
      return abortStrays(aborting, objectKey, keepUploadId, signal);
    },

    put: async (object, signal) => {
      checkObjectKey(object.objectKey);
      await putSmall(caller, callTimeoutMs, options, object, signal);
    },

    list: (prefix, signal) => listObjects(caller, callTimeoutMs, prefix, signal),

    head,

    remove: async (objectKey, signal) => {
      checkObjectKey(objectKey);
      await caller.call(
        {
          what: `Object ${objectKey} could not be removed`,
          timeoutMs: callTimeoutMs,
          run: (client, timeout) => client.delete(objectKey, { timeout }),
        },
        signal,
      );
    },

    read: async (objectKey, range, signal) => {
      checkObjectKey(objectKey);
      return readObject(caller, callTimeoutMs, objectKey, range, signal);
    },
  };
}
