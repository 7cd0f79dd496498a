/**
 * The form in which a compressed dump is stored: each MiB of the dump is a gzip member of its own, and a comment in the
 * first one says so. HotSpot's `-gz` writes the same, gzip unpacks it, and Eclipse MAT reads it where it lies, without
 * unpacking it to disk first. Members need nothing of each other, so pieces of a dump are packed in any order and put
 * side by side.
 */
import { crc32, gzipSync } from 'node:zlib';
import { copyBytes } from './copy-bytes.ts';

/** Of the dump in each member; the last one may hold less. */
export const BLOCK_BYTES = 1024 * 1024;

/** What MAT looks for in the first header: `HPROF BLOCKSIZE=` and the size in decimal. */
const COMMENT = Buffer.from(`HPROF BLOCKSIZE=${BLOCK_BYTES}\0`, 'latin1');

/** RFC 1952: a magic, deflate, flags, no time, no hint on the level, written on Unix. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const FLAGS_AT = 3;
const FLAG_COMMENT = 0x10;
/** CRC-32 and length of what is in the member. */
const TAIL_BYTES = 8;

/** RFC 1951: a stored block has a byte of type (as it starts on a byte), its length, and its length inverted. */
const STORED_HEAD_BYTES = 5;
const STORED_BLOCK_BYTES = 0xffff;

/** zlib's most, 0.4 MB in all: a tenth to a fifth faster than its default. */
const MEM_LEVEL = 9;

export interface PackOptions {
  /** Whether the piece is the start of the file: its first member gets the comment. */
  readonly first: boolean;
  /** zlib's: 0 stores the bytes as they are, 1 is the fastest, 9 the smallest. */
  readonly level: number;
  /** What comes out must not be smaller, where the store sets a least size for a part. */
  readonly minBytes?: number | undefined;
}

/** @returns the most bytes that a piece of so many can take packed, at any level */
export function packedBound(rawBytes: number): number {
  const blocks = Math.ceil(rawBytes / BLOCK_BYTES);
  const storedHeads = blocks * Math.ceil(BLOCK_BYTES / STORED_BLOCK_BYTES) * STORED_HEAD_BYTES;
  return rawBytes + storedHeads + blocks * (HEAD.length + TAIL_BYTES) + COMMENT.length;
}

/**
 * Packs a piece, which starts on a whole MiB of the dump and, unless it is the last one, is a whole number of them.
 * Leading members are stored as they are where the piece would get smaller than `minBytes`; a piece that is smaller
 * than that to begin with comes out as large as it can.
 *
 * @param out holds at least `packedBound(raw.length)` bytes; must not overlap `raw`
 * @returns how many bytes of `out` were written
 * @throws RangeError for a level that zlib does not have, or an `out` that is too small
 */
export function packPiece(raw: Uint8Array, out: Uint8Array, options: PackOptions): number {
  if (out.length < packedBound(raw.length))
    throw new RangeError(
      `A piece of ${raw.length} bytes needs ${packedBound(raw.length)}, not ${out.length}`,
    );
  const sizes: number[] = [];
  let written = 0;
  for (let at = 0; at < raw.length; at += BLOCK_BYTES) {
    const head = headOf(options.first && at === 0);
    const size = writeMember(raw.subarray(at, at + BLOCK_BYTES), out.subarray(written), head, options.level);
    sizes.push(size);
    written += size;
  }
  if (options.minBytes === undefined || written >= options.minBytes) return written;
  return storeLeading(raw, out, sizes, options.first, options.minBytes);
}

/** Replaces as many leading members as it takes by stored ones; the others only move. */
function storeLeading(
  raw: Uint8Array,
  out: Uint8Array,
  sizes: readonly number[],
  first: boolean,
  minBytes: number,
): number {
  const packedBytes = sizes.reduce((sum, size) => sum + size, 0);
  const leading: Uint8Array[] = [];
  let storedBytes = 0;
  let replacedBytes = 0;
  for (const size of sizes) {
    if (storedBytes + packedBytes - replacedBytes >= minBytes) break;
    const block = raw.subarray(leading.length * BLOCK_BYTES, (leading.length + 1) * BLOCK_BYTES);
    storedBytes += storedSize(block.length, headOf(first && leading.length === 0));
    replacedBytes += size;
    leading.push(block);
  }
  out.copyWithin(storedBytes, replacedBytes, packedBytes);
  let written = 0;
  for (const [index, block] of leading.entries())
    written += writeStored(block, out.subarray(written), headOf(first && index === 0));
  return storedBytes + packedBytes - replacedBytes;
}

function headOf(first: boolean): Buffer {
  if (!first) return HEAD;
  const head = Buffer.concat([HEAD, COMMENT]);
  head[FLAGS_AT] = FLAG_COMMENT;
  return head;
}

function writeMember(block: Uint8Array, out: Uint8Array, head: Buffer, level: number): number {
  if (level === 0) return writeStored(block, out, head);
  // One chunk takes it all, or what it becomes is larger than it was.
  const packed = gzipSync(block, { level, memLevel: MEM_LEVEL, chunkSize: BLOCK_BYTES + 1024 });
  const body = packed.subarray(HEAD.length);
  if (head.length + body.length >= storedSize(block.length, head)) return writeStored(block, out, head);
  out.set(head);
  copyBytes(out, body, head.length);
  return head.length + body.length;
}

function storedSize(blockBytes: number, head: Buffer): number {
  const heads = Math.ceil(blockBytes / STORED_BLOCK_BYTES) * STORED_HEAD_BYTES;
  return head.length + heads + blockBytes + TAIL_BYTES;
}

function writeStored(block: Uint8Array, out: Uint8Array, head: Buffer): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  out.set(head);
  let at = head.length;
  for (let from = 0; from < block.length; from += STORED_BLOCK_BYTES) {
    const bytes = block.subarray(from, from + STORED_BLOCK_BYTES);
    const isLast = from + bytes.length === block.length;
    out[at] = isLast ? 1 : 0;
    view.setUint16(at + 1, bytes.length, true);
    view.setUint16(at + 3, bytes.length ^ 0xffff, true);
    copyBytes(out, bytes, at + STORED_HEAD_BYTES);
    at += STORED_HEAD_BYTES + bytes.length;
  }
  view.setUint32(at, crc32(block), true);
  view.setUint32(at + 4, block.length, true);
  return at + TAIL_BYTES;
}
