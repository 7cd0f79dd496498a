/** Opens what was downloaded: unpacks it where it is packed, hashes it, and hands each byte of the dump to a walker. */
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { countingHash } from './counting-hash.ts';

export interface InspectedDump {
  readonly sizeBytes: number;
  /** Hex, of the dump itself. */
  readonly sha256: string;
}

/**
 * @param options.onChunk sees every byte of the dump; what it throws ends this
 * @param options.out where the dump is kept, unpacked
 */
export async function inspectDump(
  file: string,
  options: {
    readonly packed: boolean;
    readonly onChunk: (chunk: Buffer) => void;
    readonly out?: string | undefined;
  },
): Promise<InspectedDump> {
  const hash = countingHash(options.onChunk);
  const kept = options.out === undefined ? nowhere() : createWriteStream(options.out);
  const unpack = options.packed ? createGunzip() : new PassThrough();
  await pipeline(createReadStream(file), unpack, hash.stream, kept);
  return hash.end();
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
