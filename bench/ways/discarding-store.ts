/** A store that forgets what it is given, so that nothing but the way out of the pod and its proofs is measured. */
import type { ObjectStore, StoredPart } from '../../src/worker/store/object-store.ts';

export function discardingStore(): ObjectStore {
  const uploads = new Map<string, Map<number, StoredPart>>();
  const partsOf = (uploadId: string): Map<number, StoredPart> => {
    const parts = uploads.get(uploadId) ?? new Map<number, StoredPart>();
    uploads.set(uploadId, parts);
    return parts;
  };
  const never = async (): Promise<never> => {
    throw new Error('This store keeps nothing');
  };
  return {
    bucket: 'nowhere',
    limits: { minPartBytes: 100 * 1024, maxParts: 10_000 },
    beginUpload: async ({ objectKey }) => objectKey,
    async uploadPart(_objectKey, uploadId, { number, body, md5, crc64 }) {
      const etag = `"${md5.toString('hex').toUpperCase()}"`;
      const part = { number, sizeBytes: body.byteLength, etag, crc64 };
      partsOf(uploadId).set(number, part);
      return part;
    },
    presignPart: never,
    routeUrl: () => 'http://nowhere.invalid/',
    listParts: async (_objectKey, uploadId) => [...partsOf(uploadId).values()],
    async completeUpload(_objectKey, uploadId, parts) {
      uploads.delete(uploadId);
      return {
        sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        crc64: undefined,
        metadata: {},
      };
    },
    abortUpload: async (_objectKey, uploadId) => void uploads.delete(uploadId),
    abortStrayUploads: async () => 0,
    put: async () => undefined,
    async *list() {},
    head: async () => undefined,
    remove: async () => undefined,
    read: never,
  };
}
