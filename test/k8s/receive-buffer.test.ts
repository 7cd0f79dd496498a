import { describe, expect, it } from 'vitest';
import { ReceiveBuffer } from '../../src/k8s/receive-buffer.ts';
import { seeded } from '../unit/seeded.ts';

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
const BINARY = 0x82;
const PING = 0x89;
const BEGINNING_OF_BINARY = 0x02;
const END_OF_MESSAGE = 0x80;

/** As a server sends it: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
const frame = (first: number, payload: Buffer): Buffer => {
  const { length } = payload;
  const header = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  header[0] = first;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
};

interface Delivered {
  /** As it was when it came. */
  readonly bytes: Buffer;
  readonly view: Buffer;
  readonly lent: boolean;
}

/** Receives `all` in reads of these lengths, as far as there is room. */
const receive = (
  all: Buffer,
  options: { sizeBytes?: number; readBytes?: () => number; onLent?: (buffer: ReceiveBuffer) => void } = {},
): Delivered[] => {
  const got: Delivered[] = [];
  const buffer = new ReceiveBuffer((view, lent) => {
    got.push({ bytes: Buffer.from(view), view, lent });
    if (lent) options.onLent?.(buffer);
  }, options.sizeBytes);
  for (let at = 0; at < all.length; ) {
    const { room } = buffer;
    expect(room.length).toBeGreaterThan(0);
    const bytes = Math.min(room.length, all.length - at, options.readBytes?.() ?? all.length);
    all.copy(room, 0, at, at + bytes);
    at += bytes;
    buffer.took(bytes);
  }
  return got;
};

const joined = (got: readonly Delivered[]): Buffer => Buffer.concat(got.map(({ bytes }) => bytes));

const payload = (bytes: number, seed = bytes): Buffer => {
  const random = seeded(seed);
  return Buffer.from(Array.from({ length: bytes }, () => random.below(256)));
};

describe('what a connection receives', () => {
  it('is lent message by message, as many at once as are whole', () => {
    const messages = [frame(BINARY, payload(9)), frame(BINARY, payload(300)), frame(BINARY, payload(0))];
    const half = frame(BINARY, payload(50)).subarray(0, 20);
    const [head, lent, ...more] = receive(Buffer.concat([Buffer.from(SWITCHED), ...messages, half]));
    expect(head).toMatchObject({ bytes: Buffer.from(SWITCHED), lent: false });
    expect(lent).toMatchObject({ bytes: Buffer.concat(messages), lent: true });
    expect(more).toEqual([]);
  });

  it('goes into the same memory again and again', () => {
    const messages = Array.from({ length: 50 }, (_, at) => frame(BINARY, payload(30_000, at)));
    const got = receive(Buffer.concat([Buffer.from(SWITCHED), ...messages]), { readBytes: () => 16_384 });
    expect(joined(got).equals(Buffer.concat([Buffer.from(SWITCHED), ...messages]))).toBe(true);
    expect(new Set(got.filter(({ lent }) => lent).map(({ view }) => view.buffer)).size).toBe(1);
  });

  it.each([1, 2, 3, 7, 50])('comes out as it came in, in whatever pieces it came (%i)', (seed) => {
    const random = seeded(seed);
    const kinds = [BINARY, BINARY, BINARY, PING, BEGINNING_OF_BINARY, END_OF_MESSAGE, 0x81];
    const frames = Array.from({ length: 300 }, (_, at) => {
      const first = random.pick(kinds);
      const most = first === PING ? 126 : random.pick([2, 200, 3000, 70_000]);
      return frame(first, payload(random.below(most), at));
    });
    const all = Buffer.concat([Buffer.from(SWITCHED), ...frames]);
    const got = receive(all, {
      sizeBytes: 40_000,
      readBytes: () => 1 + random.below(random.pick([3, 20_000])),
    });
    expect(joined(got).equals(all)).toBe(true);
    for (const { bytes, lent } of got) if (lent) expect(wholeBinaryMessages(bytes)).toBe(true);
  });

  it.each([
    ['a ping', frame(PING, payload(5))],
    ['a text', frame(0x81, Buffer.from('text'))],
    ['the beginning of a message', frame(BEGINNING_OF_BINARY, payload(500))],
    ['the end of a message', frame(END_OF_MESSAGE, payload(500))],
    ['a message that has no room', frame(BINARY, payload(70_000))],
  ])('is a copy when it is %s: a reader may keep that', (_what, other) => {
    const all = Buffer.concat([Buffer.from(SWITCHED), other, frame(BINARY, payload(10))]);
    const got = receive(all, { sizeBytes: 65_536, readBytes: () => 1000 });
    expect(joined(got)).toEqual(all);
    expect(Buffer.concat(got.filter(({ lent }) => lent).map(({ bytes }) => bytes))).toEqual(
      frame(BINARY, payload(10)),
    );
    for (const { view, bytes, lent } of got) if (!lent) expect(view).toEqual(bytes);
  });

  it('stays as it is while it is being read, and new memory is taken instead', () => {
    const messages = Array.from({ length: 60 }, (_, at) => frame(BINARY, payload(5000, at)));
    const got = receive(Buffer.concat([Buffer.from(SWITCHED), ...messages]), {
      readBytes: () => 4096,
      onLent: (buffer) => buffer.keepLent(),
    });
    for (const { view, bytes } of got) expect(view.equals(bytes)).toBe(true);
    // No more of it than that: where one was kept, the next ones go behind it.
    expect(new Set(got.map(({ view }) => view.buffer)).size).toBeLessThan(6);
  });

  it.each([
    ['a refusal', 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n'],
    ['not HTTP', `${'x'.repeat(4096)}`],
  ])('goes through at once where it is no WebSocket: %s', (_what, head) => {
    // The first bytes of it would be the header of a frame of 2 GB.
    const body = Buffer.concat([Buffer.from([BINARY, 127, 0, 0, 0, 0, 127, 255, 255, 255]), payload(100)]);
    const all = Buffer.concat([Buffer.from(head), body]);
    const got = receive(all, { sizeBytes: 4096, readBytes: () => 50 });
    expect(joined(got)).toEqual(all);
    expect(got.some(({ lent }) => lent)).toBe(false);
  });

  it('waits for the end of the HTTP head, wherever it was cut', () => {
    for (let cut = 1; cut < SWITCHED.length; cut += 1) {
      let read = 0;
      const all = Buffer.concat([Buffer.from(SWITCHED), frame(BINARY, payload(3))]);
      const got = receive(all, { readBytes: () => (read++ === 0 ? cut : all.length) });
      expect(got.map(({ bytes, lent }) => [bytes.length, lent])).toEqual([
        [SWITCHED.length, false],
        [5, true],
      ]);
    }
  });
});

function wholeBinaryMessages(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== BINARY) return false;
    const short = bytes[at + 1] ?? 0;
    if (short < 126) at += 2 + short;
    else if (short === 126) at += 4 + bytes.readUInt16BE(at + 2);
    else at += 10 + Number(bytes.readBigUInt64BE(at + 2));
  }
  return at === bytes.length;
}
