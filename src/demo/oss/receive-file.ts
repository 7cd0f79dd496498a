/** A body into a file, with its length and both checksums, in bounded memory. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Body } from './body-trouble.ts';
import { RunningCrc64 } from './crc64.ts';

export interface Received {
  readonly file: string;
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly crc64: bigint;
}

const WRITE_BYTES = 1024 * 1024;

/** Nothing stays of a body that breaks off. */
export async function receiveFile(body: Body, file: string): Promise<Received> {
  const md5 = createHash('md5');
  const crc = new RunningCrc64();
  const handle = await open(file, 'w');
  let sizeBytes = 0;
  try {
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    for await (const chunk of body) {
      md5.update(chunk);
      crc.update(chunk);
      sizeBytes += chunk.length;
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes < WRITE_BYTES) continue;
      await handle.writev(waiting);
      [waiting, waitingBytes] = [[], 0];
    }
    if (waiting.length > 0) await handle.writev(waiting);
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(file, { force: true });
    throw error;
  }
  return { file, sizeBytes, md5: md5.digest(), crc64: crc.value };
}
