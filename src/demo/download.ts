/** What the developer of the play does last. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { countingHash } from './counting-hash.ts';

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
  const hash = countingHash();
  await pipeline(Readable.fromWeb(answer.body), hash.stream, createWriteStream(file));
  return { file, ...hash.end() };
}
