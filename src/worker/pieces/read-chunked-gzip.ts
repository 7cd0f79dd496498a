/**
 * Reads any range of a dump that is stored in the form of chunked-gzip.ts, and unpacks just the members that it needs.
 * The file has no index: where a member ends is known once it was unpacked, so that the first look at a place costs the
 * way there. Every member's CRC is checked each time. Memory: a position per MiB of the dump, and a few MiB.
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib';

export type ChunkedGzipErrorCode =
  | 'not-chunked-gzip' // something else, or gzip of another form
  | 'broken-chunked-gzip'; // it begins as it should, and then does not go on

export class ChunkedGzipError extends Error {
  override readonly name = 'ChunkedGzipError';
  readonly code: ChunkedGzipErrorCode;
  /** Of the member where it shows, in what is stored. */
  readonly position: number;

  constructor(code: ChunkedGzipErrorCode, reason: string, position: number, cause?: unknown) {
    const what = code === 'not-chunked-gzip' ? 'Not a chunked gzip' : 'Broken chunked gzip';
    super(`${what}: ${reason} at byte ${position}`, { cause });
    this.code = code;
    this.position = position;
  }
}

export interface StoredBytes {
  readonly sizeBytes: number;
  /** @returns all of the bytes that were asked for; `position + length` is never beyond `sizeBytes` */
  read(position: number, length: number): Promise<Uint8Array>;
}

const FIXED_HEAD_BYTES = 10;
const FLAG_COMMENT = 0x10;
/** CRC-32 and length of what is in the member. */
const TAIL_BYTES = 8;
const COMMENT = /^HPROF BLOCKSIZE=(\d{1,8})$/;
/** Our own comment has 23 bytes. */
const MAX_COMMENT_BYTES = 100;
/** A block is held in memory whole. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
/** Asked for at once while the places of the members are not known yet. */
const READ_AHEAD_BYTES = 4 * 1024 * 1024;

interface Head {
  readonly sizeBytes: number;
  readonly comment: string | undefined;
}

interface Member {
  /** Where it begins in what is stored, */
  readonly position: number;
  /** and in the dump. */
  readonly offset: number;
}

export class ChunkedGzip {
  /** Of the dump in a member at most. Ours all have as much, but the last one; HotSpot's have less now and then. */
  readonly blockBytes: number;
  readonly #stored: StoredBytes;
  /** Those whose place is known so far, and at last one that begins where the file ends. */
  readonly #members: Member[] = [{ position: 0, offset: 0 }];
  #ahead: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };

  /** Reads no more than the start. @throws ChunkedGzipError 'not-chunked-gzip' */
  static async open(stored: StoredBytes): Promise<ChunkedGzip> {
    const bytes = await stored.read(0, Math.min(FIXED_HEAD_BYTES + MAX_COMMENT_BYTES, stored.sizeBytes));
    const comment = readHead(bytes, 0)?.comment;
    if (comment === undefined)
      throw new ChunkedGzipError('not-chunked-gzip', 'no comment in a gzip header', 0);
    const blockBytes = Number(COMMENT.exec(comment)?.[1] ?? 0);
    if (blockBytes === 0 || blockBytes > MAX_BLOCK_BYTES)
      throw new ChunkedGzipError('not-chunked-gzip', 'a comment that gives no usable size of a block', 0);
    return new ChunkedGzip(stored, blockBytes);
  }

  private constructor(stored: StoredBytes, blockBytes: number) {
    this.#stored = stored;
    this.blockBytes = blockBytes;
  }

  /**
   * Of the dump. Unpacks everything that was not looked at before, and so proves the form of the whole file.
   * @throws ChunkedGzipError
   */
  async sizeBytes(): Promise<number> {
    for (;;) {
      const last = this.#lastKnown();
      if (last.position === this.#stored.sizeBytes) return last.offset;
      await this.#unpack(this.#members.length - 1);
    }
  }

  /** @returns the bytes of the dump from there on; fewer at its end, none beyond it @throws ChunkedGzipError */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = offset + length;
    const found: Buffer[] = [];
    for await (const block of this.#from(await this.#indexAt(offset))) {
      found.push(block.bytes.subarray(Math.max(0, offset - block.offset), end - block.offset));
      if (block.offset + block.bytes.length >= end) break;
    }
    return Buffer.concat(found);
  }

  /** The dump from its first byte to its last, a block at a time. @throws ChunkedGzipError */
  async *blocks(): AsyncGenerator<Buffer, void, undefined> {
    for await (const { bytes } of this.#from(0)) yield bytes;
  }

  /** @param index of a member whose place is known */
  async *#from(index: number): AsyncGenerator<{ offset: number; bytes: Buffer }, void, undefined> {
    for (let at = index; ; at += 1) {
      const { position, offset } = this.#members[at] ?? this.#lastKnown();
      if (position === this.#stored.sizeBytes) return;
      yield { offset, bytes: await this.#unpack(at) };
    }
  }

  /** @returns the member that holds this byte of the dump, or the end of the file */
  async #indexAt(offset: number): Promise<number> {
    for (let last = this.#lastKnown(); last.offset <= offset; last = this.#lastKnown()) {
      if (last.position === this.#stored.sizeBytes) return this.#members.length - 1;
      await this.#unpack(this.#members.length - 1);
    }
    let from = 0;
    let to = this.#members.length - 1;
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if ((this.#members[middle]?.offset ?? 0) <= offset) from = middle;
      else to = middle;
    }
    return from;
  }

  #lastKnown(): Member {
    return this.#members.at(-1) ?? { position: 0, offset: 0 };
  }

  /** @param index of a member whose place is known; that of the next one is known afterwards */
  async #unpack(index: number): Promise<Buffer> {
    const { position, offset } = this.#members[index] ?? this.#lastKnown();
    const packed = await this.#packed(position, this.#members[index + 1]?.position);
    const head = readHead(packed, position);
    if (head === undefined) throw new ChunkedGzipError('broken-chunked-gzip', 'no gzip header', position);
    const { block, bodyBytes } = await this.#inflate(packed.subarray(head.sizeBytes), position);
    const tailAt = head.sizeBytes + bodyBytes;
    if (packed.length < tailAt + TAIL_BYTES) throw cutShort(position);
    const tail = Buffer.from(packed.buffer, packed.byteOffset + tailAt, TAIL_BYTES);
    if (tail.readUInt32LE(0) !== crc32(block) || tail.readUInt32LE(4) !== block.length)
      throw new ChunkedGzipError('broken-chunked-gzip', 'a checksum that differs', position);
    if (block.length === 0) throw new ChunkedGzipError('broken-chunked-gzip', 'an empty member', position);
    this.#members[index + 1] = {
      position: position + tailAt + TAIL_BYTES,
      offset: offset + block.length,
    };
    return block;
  }

  async #inflate(body: Uint8Array, start: number): Promise<{ block: Buffer; bodyBytes: number }> {
    try {
      // A member that holds more than a block is given up as soon as it does.
      const limits = { maxOutputLength: this.blockBytes, chunkSize: this.blockBytes + 1024 };
      const { buffer, engine } = await inflateWithCount(body, { ...limits, info: true });
      return { block: buffer, bodyBytes: engine.bytesWritten };
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      if (code === 'Z_BUF_ERROR') throw cutShort(start, cause);
      const reason = code === 'ERR_BUFFER_TOO_LARGE' ? 'a member of more than a block' : 'a damaged member';
      throw new ChunkedGzipError('broken-chunked-gzip', reason, start, cause);
    }
  }

  /** @returns the bytes of one member, and more of them as long as its end is not known */
  async #packed(start: number, end: number | undefined): Promise<Uint8Array> {
    if (end !== undefined) return await this.#stored.read(start, end - start);
    // What deflate can make of a block that it cannot shrink, at worst.
    const most = this.blockBytes + Math.ceil(this.blockBytes / 8) + MAX_COMMENT_BYTES + 1024;
    const wanted = Math.min(most, this.#stored.sizeBytes - start);
    // It never begins behind the last member that is known, which is the one that is asked for here.
    const { start: aheadStart, bytes } = this.#ahead;
    const kept = bytes.subarray(start - aheadStart);
    if (kept.length >= wanted) return kept.subarray(0, wanted);
    const from = start + kept.length;
    const more = Math.min(Math.max(READ_AHEAD_BYTES, wanted), this.#stored.sizeBytes - from);
    const joined = Buffer.concat([kept, await this.#stored.read(from, more)]);
    this.#ahead = { start, bytes: joined };
    return joined.subarray(0, wanted);
  }
}

function cutShort(start: number, cause?: unknown): ChunkedGzipError {
  return new ChunkedGzipError('broken-chunked-gzip', 'it ends in the middle of the member', start, cause);
}

/** @returns undefined for what does not begin as a gzip member, or begins in a way that nobody writes here */
function readHead(bytes: Uint8Array, from: number): Head | undefined {
  const [id1, id2, method, flags] = bytes;
  if (id1 !== 0x1f || id2 !== 0x8b || method !== 8) return undefined;
  if (flags === 0) return { sizeBytes: FIXED_HEAD_BYTES, comment: undefined };
  if (flags !== FLAG_COMMENT) return undefined;
  const end = bytes.subarray(0, FIXED_HEAD_BYTES + MAX_COMMENT_BYTES).indexOf(0, FIXED_HEAD_BYTES);
  if (end === -1) throw cutShort(from);
  const comment = Buffer.from(bytes.subarray(FIXED_HEAD_BYTES, end)).toString('latin1');
  return { sizeBytes: end + 1, comment };
}

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Node's types know nothing of `info`, which gives the engine as well, and so how much of the input it took. */
const inflateWithCount = promisify(inflateRaw) as unknown as (
  bytes: Uint8Array,
  options: ZlibOptions & { info: true },
) => Promise<Inflated>;
