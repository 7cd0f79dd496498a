/** Objects and unfinished uploads of one bucket: what is known of them in memory, their bytes in files. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { joinCrc64 } from './crc64.ts';
import type { Received } from './receive-file.ts';
import { joinSegments, type Segment } from './segments.ts';

export interface ObjectEntry {
  readonly key: string;
  /** Empty if its bytes were not kept. */
  readonly segments: readonly Segment[];
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
  readonly #discard: boolean;

  constructor(workDir: string, now: () => number, discard: boolean) {
    this.#dir = workDir;
    this.#now = now;
    this.#discard = discard;
    for (const dir of ['objects', 'incoming']) mkdirSync(join(workDir, dir), { recursive: true });
  }

  /** For a body that is on its way; undefined if bytes are not kept. */
  incomingFile(): string | undefined {
    return this.#discard ? undefined : join(this.#dir, 'incoming', randomBytes(12).toString('hex'));
  }

  async drop({ file }: Pick<Received, 'file'>): Promise<void> {
    if (file !== undefined) await rm(file, { force: true });
  }

  /** One file with all bytes of an object. */
  pathOf(key: string): string | undefined {
    const entry = this.objects.get(key);
    const whole = entry === undefined ? undefined : joinSegments(entry.segments);
    if (entry === undefined || whole === undefined) return undefined;
    this.objects.set(key, { ...entry, segments: [whole] });
    return whole.file;
  }

  async putObject(
    entry: Pick<ObjectEntry, 'key' | 'headers' | 'tags'>,
    received: Received,
  ): Promise<ObjectEntry> {
    return this.#keep({
      ...entry,
      segments: segmentOf(received),
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
    if (old !== undefined) await this.drop(old);
    return part;
  }

  /** Parts that are not named are dropped. */
  async complete(upload: UploadEntry, parts: readonly PartEntry[]): Promise<ObjectEntry> {
    this.uploads.delete(upload.uploadId);
    for (const part of upload.parts.values()) if (!parts.includes(part)) await this.drop(part);
    const md5 = createHash('md5');
    for (const part of parts) md5.update(part.md5);
    return this.#keep({
      key: upload.key,
      headers: upload.headers,
      tags: upload.tags,
      segments: parts.flatMap(segmentOf),
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      crc64: parts.reduce((crc, part) => joinCrc64(crc, part.crc64, part.sizeBytes), 0n),
      etag: quotedHex(md5.digest(), `-${parts.length}`),
      type: 'Multipart',
    });
  }

  async abort(upload: UploadEntry): Promise<void> {
    this.uploads.delete(upload.uploadId);
    for (const part of upload.parts.values()) await this.drop(part);
  }

  async remove(key: string): Promise<void> {
    const entry = this.objects.get(key);
    this.objects.delete(key);
    for (const segment of entry?.segments ?? []) await this.drop(segment);
  }

  async #keep(entry: Omit<ObjectEntry, 'lastModified'>): Promise<ObjectEntry> {
    const old = this.objects.get(entry.key);
    const kept = { ...entry, segments: await this.#named(entry), lastModified: this.#now() };
    this.objects.set(entry.key, kept);
    for (const segment of old?.segments ?? []) await this.drop(segment);
    return kept;
  }

  /** The first file is named after the object, and anew for each version: who still reads the old one goes on. */
  async #named({ key, segments }: Pick<ObjectEntry, 'key' | 'segments'>): Promise<readonly Segment[]> {
    const [first, ...others] = segments;
    if (first === undefined) return segments;
    const name =
      key
        .split('/')
        .at(-1)
        ?.replace(/[^A-Za-z0-9._-]/g, '_') ?? '';
    const file = join(this.#dir, 'objects', `${randomBytes(6).toString('hex')}-${name.slice(-100)}`);
    await rename(first.file, file);
    return [{ ...first, file }, ...others];
  }
}

const segmentOf = ({ file, sizeBytes }: Received): Segment[] =>
  file === undefined ? [] : [{ file, sizeBytes }];

const quotedHex = (digest: Buffer, suffix = ''): string =>
  `"${digest.toString('hex').toUpperCase()}${suffix}"`;
