/** HPROF files of a few hundred bytes, in the shape that JDK 8 to 26 write. */
export const HEAP_DUMP = 0x0c;
export const SEGMENT = 0x1c;
export const END = 0x2c;

export function fileHead({ version = '1.0.2', idSizeBytes = 8 } = {}): Buffer {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(idSizeBytes, 0);
  numbers.writeBigUInt64BE(1_795_533_300_000n, 4);
  return Buffer.concat([Buffer.from(`JAVA PROFILE ${version}\0`, 'latin1'), numbers]);
}

/** @param sizeBytes as the head says it: what follows may be shorter */
export function recordHead(tag: number, sizeBytes: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(tag, 0);
  head.writeUInt32BE(sizeBytes, 5);
  return head;
}

export const record = (tag: number, body: Buffer | number): Buffer => {
  // 0x2c and 0x1c inside, so that a walk that loses its place takes a body for a record.
  const bytes = typeof body === 'number' ? Buffer.alloc(body, Buffer.from([SEGMENT, 0, END, 1])) : body;
  return Buffer.concat([recordHead(tag, bytes.length), bytes]);
};

export const segment = (sizeBytes: number): Buffer => record(SEGMENT, sizeBytes);
export const endMark = (): Buffer => recordHead(END, 0);

/** Strings, classes, a frame, a trace, two segments, the end mark. */
export const smallHeapDump = (): Buffer =>
  Buffer.concat([
    fileHead(),
    record(0x01, Buffer.from('\0\0\0\0\0\0\0\x01main', 'latin1')),
    record(0x02, 24),
    record(0x04, 32),
    record(0x05, 12),
    segment(57),
    segment(130),
    endMark(),
  ]);
