/** A part to send, with the checksums that a worker makes of it elsewhere. */
import { createHash } from 'node:crypto';
import { createCrc64 } from '../../src/worker/store/crc64.ts';
import type { PartToSend } from '../../src/worker/store/object-store.ts';

export async function aPart(number: number, body: Uint8Array | string): Promise<PartToSend> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const crc = await createCrc64();
  crc.update(bytes);
  return { number, body: bytes, md5: md5Of(bytes), crc64: crc.value().toString() };
}

export const md5Of = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();
