/** THE PORT to where heap dumps are kept. Every implementation passes test/contract/object-store.ts. */
import type { Readable } from 'node:stream';

/** A part as the store holds it. Numbers start at 1. */
export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  /** As the store gives it, quotes included. */
  readonly etag: string;
}

export interface StoredObject {
  readonly sizeBytes: number;
  /** CRC-64/XZ of the whole object as a decimal uint64; absent where the store does not know it. */
  readonly crc64: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

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
   * Retries what is worth retrying, from memory, until the signal aborts.
   */
  uploadPart(
    objectKey: string,
    uploadId: string,
    number: number,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<StoredPart>;

  /** The parts that the store really has, by number. @throws StoreError 'no-such-upload' */
  listParts(objectKey: string, uploadId: string, signal: AbortSignal): Promise<StoredPart[]>;

  /** Puts the parts together. Safe to call again after an answer was lost. */
  completeUpload(
    objectKey: string,
    uploadId: string,
    parts: readonly StoredPart[],
    signal: AbortSignal,
  ): Promise<StoredObject>;

  /** Removes the parts of an upload that will not be completed. Nothing to remove is no error. */
  abortUpload(objectKey: string, uploadId: string, signal: AbortSignal): Promise<void>;

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
