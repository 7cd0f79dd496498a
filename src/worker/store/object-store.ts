/** THE PORT to where heap dumps are kept. Every implementation passes test/contract/object-store.ts. */
import type { Readable } from 'node:stream';

/** A part as the store holds it. Numbers start at 1. */
export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  /** As the store gives it, quotes included. */
  readonly etag: string;
  /** CRC-64/XZ of the part as a decimal uint64, as the store tells it; absent where it does not. */
  readonly crc64?: string | undefined;
}

/** A part to send, with its checksums: they are made where the bytes are, so that nothing is hashed on the way. */
export interface PartToSend {
  readonly number: number;
  /** May lie on a SharedArrayBuffer. Not to be written to before the call ends. */
  readonly body: Uint8Array;
  readonly md5: Buffer;
  /** CRC-64/XZ as a decimal uint64. */
  readonly crc64: string;
}

/** A part that somebody without credentials is to send. */
export interface PartToPresign {
  readonly md5: Buffer;
  readonly sizeBytes: number;
  /** From 1000 ms to 7 days. */
  readonly lifetimeMs: number;
}

/** A secret: whoever has it may PUT this one part, and no other bytes. */
export interface PresignedPart {
  readonly url: string;
  /** To be sent as they are, and no Content-Type beside them: it would change the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** Unix ms: when a PUT must have begun. Sooner than wished where the credentials end sooner. */
  readonly expiresAt: number;
}

export interface StoredObject {
  readonly sizeBytes: number;
  /** CRC-64/XZ of the whole object as a decimal uint64; absent where the store does not know it. */
  readonly crc64: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** For what is small enough to be sent in one call and to be tried again from memory. */
export interface SmallObject {
  readonly objectKey: string;
  /** At most `SMALL_OBJECT_BYTES`. */
  readonly body: Uint8Array;
  readonly contentType: string;
}

export interface ListedObject {
  readonly objectKey: string;
  readonly sizeBytes: number;
}

export const SMALL_OBJECT_BYTES = 1024 * 1024;

export interface BeginUpload {
  readonly objectKey: string;
  /** Names [a-z0-9-], values printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectStore {
  readonly bucket: string;
  /** Smallest size of a part that is not the last one, and the most parts an upload may have. */
  readonly limits: { readonly minPartBytes: number; readonly maxParts: number };

  /** @returns an upload id, good until completed or aborted, also in another process. */
  beginUpload(upload: BeginUpload, signal: AbortSignal): Promise<string>;

  /**
   * Sends one part; the store checks its MD5. Sending a number again replaces it.
   * Retries what is worth retrying, from memory, until the signal aborts or the upload is aborted.
   */
  uploadPart(objectKey: string, uploadId: string, part: PartToSend, signal: AbortSignal): Promise<StoredPart>;

  /**
   * A URL with which anybody may PUT exactly this part from where pods are. Nothing is asked of the store.
   * @throws RangeError for a size or lifetime that the store does not take
   */
  presignPart(
    objectKey: string,
    uploadId: string,
    number: number,
    part: PartToPresign,
    signal: AbortSignal,
  ): Promise<PresignedPart>;

  /**
   * No secret, and good for nothing but trying whether the store can be reached from a pod: any answer, whatever its
   * status, that has the header `x-oss-request-id` comes from the store.
   */
  routeUrl(): string;

  /** The parts that the store really has, by number, whoever sent them. Good for `completeUpload`. @throws StoreError 'no-such-upload' */
  listParts(objectKey: string, uploadId: string, signal: AbortSignal): Promise<StoredPart[]>;

  /** Puts the parts together. Safe to call again after an answer was lost. */
  completeUpload(
    objectKey: string,
    uploadId: string,
    parts: readonly StoredPart[],
    signal: AbortSignal,
  ): Promise<StoredObject>;

  /**
   * Removes the parts of an upload that will not be completed, and ends those that this store is sending (they fail
   * with 'aborted'). Nothing to remove is no error.
   * @throws StoreError 'unreachable' if parts that others are sending come in again and again
   */
  abortUpload(objectKey: string, uploadId: string, signal: AbortSignal): Promise<void>;

  /**
   * Aborts the uploads of this very key but the one to keep: an upload that began while its answer was lost is known
   * to nobody, and its parts would be paid for for ever.
   * @returns how many there were
   */
  abortStrayUploads(
    objectKey: string,
    keepUploadId: string | undefined,
    signal: AbortSignal,
  ): Promise<number>;

  /**
   * Stores a small object, over one that is there already; the store checks its MD5. Always of the class that can be
   * read at once. @throws RangeError for a body that is too large
   */
  put(object: SmallObject, signal: AbortSignal): Promise<void>;

  /** Every object whose key begins with the prefix, in the order of the keys' bytes. Asked for page by page. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<ListedObject>;

  /** @returns undefined if there is no such object */
  head(objectKey: string, signal: AbortSignal): Promise<StoredObject | undefined>;

  remove(objectKey: string, signal: AbortSignal): Promise<void>;

  /** Reads a stored object or a range of it (end inclusive), for checks. */
  read(
    objectKey: string,
    range: { start: number; end: number } | undefined,
    signal: AbortSignal,
  ): Promise<Readable>;
}

export type StoreErrorCode =
  | 'refused' // credentials, rights, policy, a bucket that is not there: trying again changes nothing
  | 'unreachable' // network, 5xx, throttling: tried with back-off, and still
  | 'no-such-upload'
  | 'checksum-mismatch'
  | 'aborted';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** The vendor's own code and request id, for the log. */
  readonly vendor: {
    readonly code?: string | undefined;
    readonly requestId?: string | undefined;
    readonly status?: number | undefined;
  };

  constructor(code: StoreErrorCode, message: string, vendor: StoreError['vendor'] = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.vendor = vendor;
  }
}
