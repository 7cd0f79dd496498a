/** A body into a file, with its length and both checksums, in bounded memory. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Body } from './body.ts';
import { startCrc64 } from './crc64.ts';

export interface Received {
  /** Undefined if the bytes were hashed and counted and not kept. */
  readonly file: string | undefined;
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly crc64: bigint;
}

const WRITE_BYTES = 1024 * 1024;

/** Nothing stays of a body that breaks off. */
export async function receiveFile(body: Body, file: string | undefined): Promise<Received> {
  const md5 = createHash('md5');
  const crc = await startCrc64();
  let sizeBytes = 0;
  const writer = file === undefined ? undefined : new Writer(await open(file, 'w'));
  try {
    for await (const chunk of body) {
      md5.update(chunk);
      crc.update(chunk);
      sizeBytes += chunk.length;
      await writer?.write(chunk);
    }
    await writer?.end();
  } catch (error) {
    await writer?.close().catch(() => undefined);
    if (file !== undefined) await rm(file, { force: true });
    throw error;
  }
  return { file, sizeBytes, md5: md5.digest(), crc64: crc.end() };
}

/** A megabyte at a time, and one while the next is taken. */
class Writer {
  readonly #handle: FileHandle;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= WRITE_BYTES) await this.#flush();
  }

  async end(): Promise<void> {
    if (this.#waitingBytes > 0) await this.#flush();
    await this.#writing;
    await this.close();
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.#writing = this.#handle.writev(this.#waiting);
    this.#writing.catch(() => undefined); // it is awaited later
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
