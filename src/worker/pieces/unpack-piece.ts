/** The way back from chunked-gzip.ts, for a whole piece: what the store has of it → as it was dumped. */
import { gunzipSync } from 'node:zlib';
import { BLOCK_BYTES } from './chunked-gzip.ts';
import { copyBytes } from './copy-bytes.ts';

/**
 * @param packed gzip members, whose own checksums are checked
 * @param into as long as the piece was: it gets exactly that many bytes
 * @throws Error where the piece is longer or shorter, or not gzip
 */
export function unpackPiece(packed: Uint8Array, into: Uint8Array): void {
  const bytes = gunzipSync(packed, { maxOutputLength: into.length, chunkSize: BLOCK_BYTES });
  if (bytes.length !== into.length)
    throw new RangeError(`A piece of ${into.length} bytes unpacks to ${bytes.length}`);
  copyBytes(into, bytes, 0);
}
