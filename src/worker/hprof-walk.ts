/**
 * Walks an HPROF file record by record while it streams by: header, tags, lengths up to the last byte.
 * Finds every truncation and foreign file; not a segment left out on its boundary, which the checksums are for.
 * Memory: the head of one record.
 */

export class HprofError extends Error {
  override readonly name = 'HprofError';
  readonly code = 'not-hprof';
  readonly reason: string;
  /** Byte at which the file stops being a heap dump. */
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`Not a whole heap dump: ${reason} at byte ${offset}`);
    this.reason = reason;
    this.offset = offset;
  }
}

export interface HprofSummary {
  readonly version: string;
  readonly idSizeBytes: number;
  readonly records: number;
  readonly segments: number;
  readonly sizeBytes: number;
}

interface WalkState {
  offset: number;
  version: string;
  idSizeBytes: number;
  records: number;
  segments: number;
  lastTag: number;
  /** Bytes of the present record's body that are still to come. */
  bodyLeft: number;
}

/** 'JAVA PROFILE 1.0.2' and its NUL; 1.0.1 is written by JDK 5 and older readers' files. */
const MAGIC = /^JAVA PROFILE (1\.0\.[1-3])\0/;
const MAGIC_BYTES = 19;
/** Magic, u4 size of an id, u8 time. */
const FILE_HEAD_BYTES = MAGIC_BYTES + 12;
/** u1 tag, u4 microseconds, u4 length of the body. */
const RECORD_HEAD_BYTES = 9;
const HEAP_DUMP = 0x0c;
const HEAP_DUMP_SEGMENT = 0x1c;
const HEAP_DUMP_END = 0x2c;
const KNOWN_TAGS = new Set([
  0x01,
  0x02,
  0x03,
  0x04,
  0x05,
  0x06,
  0x07,
  0x0a,
  0x0b,
  HEAP_DUMP,
  0x0d,
  0x0e,
  HEAP_DUMP_SEGMENT,
  HEAP_DUMP_END,
]);

export class HprofWalk {
  readonly #state: WalkState = {
    offset: 0,
    version: '',
    idSizeBytes: 0,
    records: 0,
    segments: 0,
    lastTag: 0,
    bodyLeft: 0,
  };
  /** What there is of a head that the last chunk cut. */
  #head = Buffer.alloc(0);

  /** @throws HprofError at the first byte that cannot belong to a heap dump */
  update(chunk: Buffer): void {
    const state = this.#state;
    let at = 0;
    while (at < chunk.length) {
      if (state.bodyLeft > 0) {
        const skip = Math.min(state.bodyLeft, chunk.length - at);
        state.bodyLeft -= skip;
        state.offset += skip;
        at += skip;
        continue;
      }
      const need = state.version === '' ? FILE_HEAD_BYTES : RECORD_HEAD_BYTES;
      const take = Math.min(need - this.#head.length, chunk.length - at);
      // Most heads lie whole in one chunk, and are read where they lie.
      const head =
        this.#head.length === 0 && take === need
          ? chunk.subarray(at, at + need)
          : Buffer.concat([this.#head, chunk.subarray(at, at + take)]);
      at += take;
      state.offset += take;
      if (head.length < need) {
        this.#head = Buffer.from(head);
        continue;
      }
      this.#head = Buffer.alloc(0);
      if (state.version === '') this.#fileHead(head);
      else this.#recordHead(head);
    }
  }

  /** @throws HprofError if the file ends in the middle of a record or without its end mark */
  end(): HprofSummary {
    const { version, idSizeBytes, records, segments, offset, lastTag, bodyLeft } = this.#state;
    if (version === '') throw new HprofError('it ends in its header', offset);
    if (bodyLeft > 0 || this.#head.length > 0)
      throw new HprofError('it ends in the middle of a record', offset);
    if (lastTag !== HEAP_DUMP_END && lastTag !== HEAP_DUMP)
      throw new HprofError('it ends without its end mark', offset);
    if (segments === 0) throw new HprofError('it holds no heap', offset);
    return { version, idSizeBytes, records, segments, sizeBytes: offset };
  }

  #fileHead(head: Buffer): void {
    const [, version] = MAGIC.exec(head.toString('latin1')) ?? [];
    const idSizeBytes = head.readUInt32BE(MAGIC_BYTES);
    if (version === undefined) throw new HprofError('its first bytes are others', 0);
    if (idSizeBytes !== 4 && idSizeBytes !== 8)
      throw new HprofError(`ids of ${idSizeBytes} bytes`, MAGIC_BYTES);
    this.#state.version = version;
    this.#state.idSizeBytes = idSizeBytes;
  }

  #recordHead(head: Buffer): void {
    const state = this.#state;
    const at = state.offset - RECORD_HEAD_BYTES;
    const tag = head.readUInt8(0);
    if (!KNOWN_TAGS.has(tag))
      throw new HprofError(`unknown record 0x${tag.toString(16).padStart(2, '0')}`, at);
    if (state.lastTag === HEAP_DUMP_END) throw new HprofError('more after its end mark', at);
    state.bodyLeft = head.readUInt32BE(5);
    state.lastTag = tag;
    state.records += 1;
    if (tag === HEAP_DUMP_END && state.bodyLeft > 0) throw new HprofError('an end mark with a body', at);
    if (tag === HEAP_DUMP || tag === HEAP_DUMP_SEGMENT) {
      // JDK 8 writes the length last: 0 is what an unfinished file has.
      if (state.bodyLeft === 0) throw new HprofError('an unfinished segment', at);
      state.segments += 1;
    }
  }
}
