/** Objects and unfinished uploads of one bucket: what is known of them in memory, their bytes in files. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { joinCrc64 } from './crc64.ts';
import type { Received } from './receive-file.ts';

export interface ObjectEntry {
  readonly key: string;
  readonly file: string;
  readonly sizeBytes: number;
  /** Quotes included. */
  readonly etag: string;
  readonly crc64: bigint;
  readonly type: 'Normal' | 'Multipart';
  readonly lastModified: number;
  /** Answered again by GET and HEAD: content-type, x-oss-meta-*, encryption, storage class. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
}

export interface PartEntry extends Received {
  readonly number: number;
  readonly etag: string;
  readonly lastModified: number;
}

export interface UploadEntry {
  readonly uploadId: string;
  readonly key: string;
  readonly initiated: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
  readonly forbidOverwrite: boolean;
  readonly parts: Map<number, PartEntry>;
}

export class BucketFiles {
  readonly objects = new Map<string, ObjectEntry>();
  readonly uploads = new Map<string, UploadEntry>();
  readonly #dir: string;
  readonly #now: () => number;

  constructor(workDir: string, now: () => number) {
    this.#dir = workDir;
    this.#now = now;
    for (const dir of ['objects', 'incoming']) mkdirSync(join(workDir, dir), { recursive: true });
  }

  /** For a body that is on its way. */
  incomingFile(): string {
    return join(this.#dir, 'incoming', randomBytes(12).toString('hex'));
  }

  async putObject(
    entry: Pick<ObjectEntry, 'key' | 'headers' | 'tags'>,
    received: Received,
  ): Promise<ObjectEntry> {
    return this.#keep({
      ...entry,
      file: received.file,
      sizeBytes: received.sizeBytes,
      crc64: received.crc64,
      etag: quotedHex(received.md5),
      type: 'Normal',
    });
  }

  async putPart(upload: UploadEntry, number: number, received: Received): Promise<PartEntry> {
    const old = upload.parts.get(number);
    const part = { ...received, number, etag: quotedHex(received.md5), lastModified: this.#now() };
    upload.parts.set(number, part);
    if (old !== undefined) await rm(old.file, { force: true });
    return part;
  }

  /** The first part's file becomes the object; the others are appended. Parts that are not named are dropped. */
  async complete(upload: UploadEntry, parts: readonly PartEntry[]): Promise<ObjectEntry> {
    this.uploads.delete(upload.uploadId);
    const [first, ...others] = parts;
    if (first === undefined) throw new Error('an upload without parts cannot be completed');
    for (const part of others) {
      await pipeline(createReadStream(part.file), createWriteStream(first.file, { flags: 'a' }));
      await rm(part.file);
    }
    for (const part of upload.parts.values()) if (!parts.includes(part)) await rm(part.file, { force: true });
    const md5 = createHash('md5');
    for (const part of parts) md5.update(part.md5);
    return this.#keep({
      key: upload.key,
      headers: upload.headers,
      tags: upload.tags,
      file: first.file,
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      crc64: others.reduce((crc, part) => joinCrc64(crc, part.crc64, part.sizeBytes), first.crc64),
      etag: quotedHex(md5.digest(), `-${parts.length}`),
      type: 'Multipart',
    });
  }

  async abort(upload: UploadEntry): Promise<void> {
    this.uploads.delete(upload.uploadId);
    for (const part of upload.parts.values()) await rm(part.file, { force: true });
  }

  async remove(key: string): Promise<void> {
    const entry = this.objects.get(key);
    this.objects.delete(key);
    if (entry !== undefined) await rm(entry.file, { force: true });
  }

  async #keep(entry: Omit<ObjectEntry, 'lastModified'>): Promise<ObjectEntry> {
    // A file name of its own for each version: who still reads the old one goes on reading it.
    const name =
      entry.key
        .split('/')
        .at(-1)
        ?.replace(/[^A-Za-z0-9._-]/g, '_') ?? '';
    const file = join(this.#dir, 'objects', `${randomBytes(6).toString('hex')}-${name.slice(-100)}`);
    await rename(entry.file, file);
    const old = this.objects.get(entry.key);
    const kept = { ...entry, file, lastModified: this.#now() };
    this.objects.set(entry.key, kept);
    if (old !== undefined) await rm(old.file, { force: true });
    return kept;
  }
}

const quotedHex = (digest: Buffer, suffix = ''): string =>
  `"${digest.toString('hex').toUpperCase()}${suffix}"`;
