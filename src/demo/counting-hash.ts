import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Passes bytes on; knows afterwards how many they were, and their SHA-256 in hex. @param onChunk may throw, which ends the stream */
export function countingHash(onChunk: (chunk: Buffer) => void = () => undefined): {
  readonly stream: Transform;
  end(): { readonly sizeBytes: number; readonly sha256: string };
} {
  const sha = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sha.update(chunk);
      sizeBytes += chunk.length;
      try {
        onChunk(chunk);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  return { stream, end: () => ({ sizeBytes, sha256: sha.digest('hex') }) };
}
