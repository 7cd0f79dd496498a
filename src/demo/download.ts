/** What the developer of the play does last. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Download {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export class PlayError extends Error {
  override readonly name = 'PlayError';
  readonly code = 'play-failed';
}

/** @throws PlayError where the link does not answer with a file */
export async function download(link: string, file: string): Promise<Download> {
  const answer = await fetch(link);
  if (!answer.ok || answer.body === null) throw new PlayError(`The link answered HTTP ${answer.status}`);
  const sha = createHash('sha256');
  let sizeBytes = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sha.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(answer.body), watch, createWriteStream(file));
  return { file, sizeBytes, sha256: sha.digest('hex') };
}
