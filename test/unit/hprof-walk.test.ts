import { describe, expect, it } from 'vitest';
import { HprofError, type HprofSummary, HprofWalk } from '../../src/worker/hprof-walk.ts';
import {
  END,
  endMark,
  fileHead,
  HEAP_DUMP,
  record,
  recordHead,
  SEGMENT,
  segment,
  smallHeapDump,
} from './hprof-file.ts';
import { seeded } from './seeded.ts';

function walked(file: Buffer, chunkBytes = file.length || 1): HprofSummary {
  const walk = new HprofWalk();
  for (let at = 0; at < file.length; at += chunkBytes) walk.update(file.subarray(at, at + chunkBytes));
  return walk.end();
}

function errorOf(file: Buffer, chunkBytes?: number): HprofError {
  try {
    walked(file, chunkBytes);
  } catch (error) {
    if (error instanceof HprofError) return error;
    throw error;
  }
  throw new Error('The walk found nothing wrong');
}

const whole = smallHeapDump();
const summary = { version: '1.0.2', idSizeBytes: 8, records: 7, segments: 2, sizeBytes: whole.length };

describe('a whole heap dump', () => {
  it('is walked to its last byte', () => {
    expect(walked(whole)).toEqual(summary);
  });

  it('gives the same however it is cut, down to single bytes', () => {
    for (let chunkBytes = 1; chunkBytes < whole.length; chunkBytes += 1)
      expect(walked(whole, chunkBytes)).toEqual(summary);
  });

  it('may be one record without segments, as older writers make it, or have ids of four bytes', () => {
    expect(walked(Buffer.concat([fileHead({ version: '1.0.1' }), record(HEAP_DUMP, 40)])).segments).toBe(1);
    expect(walked(Buffer.concat([fileHead({ idSizeBytes: 4 }), segment(9), endMark()])).idSizeBytes).toBe(4);
  });

  it('may have records of no length among those that hold no heap', () => {
    expect(walked(Buffer.concat([fileHead(), record(0x01, 0), segment(9), endMark()])).records).toBe(3);
  });
});

describe('a heap dump that is not whole', () => {
  it('is found out wherever it was cut off', () => {
    for (let length = 0; length < whole.length; length += 1) {
      const error = errorOf(whole.subarray(0, length), 7);

      expect(error.code).toBe('not-hprof');
      expect(error.offset).toBe(length);
    }
  });

  it('is found out where bytes are missing in the middle of it, at least nearly always', () => {
    const random = seeded(3);
    let missed = 0;
    for (let turn = 0; turn < 500; turn += 1) {
      const from = random.below(whole.length - 1);
      const until = from + 1 + random.below(40);
      try {
        walked(Buffer.concat([whole.subarray(0, from), whole.subarray(until)]));
        missed += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(HprofError);
      }
    }
    // What a walk cannot see, such as a record left out on its boundary, the checksums see.
    expect(missed).toBeLessThan(25);
  });

  it('is found out by a segment of length 0, which JDK 8 leaves where it could not finish', () => {
    const error = errorOf(Buffer.concat([fileHead(), recordHead(SEGMENT, 0), endMark()]));

    expect(error).toMatchObject({ offset: 31, message: expect.stringContaining('unfinished segment') });
  });

  it('is found out by a last segment that is whole but has no end mark behind it', () => {
    expect(errorOf(Buffer.concat([fileHead(), segment(50)])).message).toContain('without its end mark');
    expect(errorOf(Buffer.concat([fileHead(), segment(50), record(0x01, 9)])).message).toContain(
      'without its end mark',
    );
  });

  it('is found out by an end mark that holds something, for a mark is all that it is', () => {
    expect(errorOf(Buffer.concat([fileHead(), segment(50), record(END, 4)])).offset).toBe(90);
  });

  it('is found out by anything behind its end mark', () => {
    expect(errorOf(Buffer.concat([whole, endMark()])).offset).toBe(whole.length);
    expect(errorOf(Buffer.concat([whole, Buffer.from([0])])).offset).toBe(whole.length + 1);
  });

  it('is found out by an end mark that comes before any heap', () => {
    expect(errorOf(Buffer.concat([fileHead(), record(0x01, 12), endMark()])).message).toContain(
      'holds no heap',
    );
  });

  it('is found out by a record that no heap dump has', () => {
    for (const tag of [0x00, 0x08, 0x09, 0x0f, 0x1d, 0x2d, 0xff])
      expect(errorOf(Buffer.concat([fileHead(), record(0x01, 12), record(tag, 5)])).offset).toBe(52);
  });
});

describe('a file that is no heap dump', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), 0],
    ['a few words', Buffer.from('Permission denied\n'), 18],
    ['zeros', Buffer.alloc(5000), 0],
    ['gzip', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(100, 7)]), 0],
    [
      'a profile of another version',
      Buffer.concat([fileHead({ version: '1.0.9' }), segment(9), endMark()]),
      0,
    ],
    ['a text that begins like one', Buffer.from(`JAVA PROFILE 1.0.2, ${'x'.repeat(100)}`), 0],
    ['one with ids of five bytes', Buffer.concat([fileHead({ idSizeBytes: 5 }), segment(9), endMark()]), 19],
    ['one that begins a byte late', Buffer.concat([Buffer.from('\n'), whole]), 0],
  ])('is refused: %s', (_what, file, offset) => {
    for (const chunkBytes of [1, 13, 100_000]) expect(errorOf(file, chunkBytes).offset).toBe(offset);
  });
});

describe('a record of nearly 4 GB', () => {
  const GIANT = 4_294_967_290;

  it('is skipped by its unsigned length, without being held', () => {
    const walk = new HprofWalk();
    walk.update(Buffer.concat([fileHead(), recordHead(SEGMENT, GIANT)]));
    const chunk = Buffer.alloc(64 * 1024 * 1024, SEGMENT);
    for (let left = GIANT; left > 0; left -= chunk.length)
      walk.update(chunk.subarray(0, Math.min(left, chunk.length)));
    walk.update(endMark());

    expect(walk.end()).toMatchObject({ segments: 1, records: 2, sizeBytes: 31 + 9 + GIANT + 9 });
  });

  it('is missed where it is not all there', () => {
    const walk = new HprofWalk();
    walk.update(Buffer.concat([fileHead(), recordHead(SEGMENT, GIANT), Buffer.alloc(1000)]));

    expect(() => walk.end()).toThrow('middle of a record at byte 1040');
  });
});

describe('a chunk', () => {
  it('is not looked at again when its memory is used for something else', () => {
    const chunk = Buffer.from(whole.subarray(0, 36));
    const walk = new HprofWalk();
    walk.update(chunk);
    chunk.fill(0);
    walk.update(whole.subarray(36));

    expect(walk.end()).toEqual(summary);
  });
});
