/**
 * An object's bytes as its parts brought them, one file each: putting them together takes no time, as little as OSS
 * needs for it.
 */
import { closeSync, createReadStream, openSync, readSync, rmSync, writeSync } from 'node:fs';

export interface Segment {
  readonly file: string;
  readonly sizeBytes: number;
}

const READ_BYTES = 256 * 1024;
const COPY_BYTES = 4 * 1024 * 1024;

/** @param end inclusive */
export async function* readSegments(
  segments: readonly Segment[],
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  let before = 0;
  for (const { file, sizeBytes } of segments) {
    const from = Math.max(0, start - before);
    const to = Math.min(sizeBytes - 1, end - before);
    if (from <= to) yield* createReadStream(file, { start: from, end: to, highWaterMark: READ_BYTES });
    before += sizeBytes;
  }
}

/** Appends the others to the first, for whoever wants one file. At once, so that nobody sees a half of it. */
export function joinSegments(segments: readonly Segment[]): Segment | undefined {
  const [first, ...others] = segments;
  if (first === undefined || others.length === 0) return first;
  const to = openSync(first.file, 'a');
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  for (const { file } of others) {
    const from = openSync(file, 'r');
    for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) {
      for (let at = 0; at < read; ) at += writeSync(to, buffer, at, read - at);
    }
    closeSync(from);
    rmSync(file);
  }
  closeSync(to);
  return { file: first.file, sizeBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}
