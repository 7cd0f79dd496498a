/**
 * Memory that a connection reads into again and again, with an eye on where WebSocket messages begin and end. Whole
 * binary messages are handed on as they lie here (lent): nobody has to put them together, the memory is used again for
 * the next read, and a gigabyte leaves no garbage. All else is handed on as a copy: the HTTP answer, control frames,
 * messages in several frames, and one that has no room here. Pure.
 *
 * Frames: https://www.rfc-editor.org/rfc/rfc6455#section-5.2. Nothing is refused here; that is the reader's part.
 */

/** Four frames of a kubelet's. */
const SIZE_BYTES = 128 * 1024;
/** With less behind what has come, that is moved to the front. */
const LEAST_ROOM_BYTES = 32 * 1024;
/** First byte of a binary message that is a single frame. */
const WHOLE_BINARY = 0x82;
const END_OF_HEAD = '\r\n\r\n';
/** Any other answer is no WebSocket. */
const SWITCHING = /^HTTP\/1\.1 101 /;

/** @param lent it is this buffer's memory, and overwritten soon after this has returned; else it is the taker's */
type Deliver = (bytes: Buffer, lent: boolean) => void;

export class ReceiveBuffer {
  readonly #sizeBytes: number;
  readonly #deliver: Deliver;
  #memory: Buffer;
  /** Where what was not handed on yet begins and ends. */
  #start = 0;
  #end = 0;
  #stage: 'http-head' | 'frames' | 'not-a-websocket' = 'http-head';
  #keepsLent = false;
  /** Still to come of a frame whose beginning was handed on already. */
  #restBytes = 0;

  constructor(deliver: Deliver, sizeBytes = SIZE_BYTES) {
    this.#deliver = deliver;
    this.#sizeBytes = sizeBytes;
    this.#memory = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Where the next read goes; never empty. */
  get room(): Buffer {
    return this.#memory.subarray(this.#end);
  }

  /** So many bytes have come into `room`. */
  took(bytes: number): void {
    this.#end += bytes;
    if (this.#stage === 'http-head') this.#passHead();
    if (this.#stage === 'frames') this.#passFrames();
    if (this.#stage === 'not-a-websocket') this.#copyOut(this.#readyBytes);
    this.#makeRoom();
  }

  /** What was lent until now is still being read: it is never written to again. */
  keepLent(): void {
    this.#keepsLent = true;
  }

  get #readyBytes(): number {
    return this.#end - this.#start;
  }

  #passHead(): void {
    const head = this.#memory.toString('latin1', 0, this.#end);
    const at = head.indexOf(END_OF_HEAD);
    // The HTTP parser knows what to say of a head without an end.
    if (at === -1 && this.#end < this.#sizeBytes) return;
    if (at === -1 || !SWITCHING.test(head)) {
      this.#stage = 'not-a-websocket';
      return;
    }
    this.#stage = 'frames';
    this.#copyOut(at + END_OF_HEAD.length);
  }

  #passFrames(): void {
    while (this.#readyBytes > 0) {
      if (this.#restBytes > 0) {
        const bytes = Math.min(this.#restBytes, this.#readyBytes);
        this.#restBytes -= bytes;
        this.#copyOut(bytes);
        continue;
      }
      this.#lend(this.#wholeMessagesBytes());
      const frameBytes = frameLength(this.#memory, this.#start, this.#end);
      if (frameBytes === undefined) return;
      // The rest of it will come, and there is room for it.
      if (frameBytes > this.#readyBytes && frameBytes <= this.#sizeBytes) return;
      this.#restBytes = frameBytes;
    }
  }

  /** @returns how much from `start` on is whole binary messages, one behind the other */
  #wholeMessagesBytes(): number {
    let at = this.#start;
    while (at < this.#end && this.#memory[at] === WHOLE_BINARY) {
      const bytes = frameLength(this.#memory, at, this.#end);
      if (bytes === undefined || at + bytes > this.#end) break;
      at += bytes;
    }
    return at - this.#start;
  }

  #lend(bytes: number): void {
    if (bytes === 0) return;
    const lent = this.#memory.subarray(this.#start, this.#start + bytes);
    this.#start += bytes;
    this.#deliver(lent, true);
  }

  #copyOut(bytes: number): void {
    if (bytes === 0) return;
    const copy = Buffer.from(this.#memory.subarray(this.#start, this.#start + bytes));
    this.#start += bytes;
    this.#deliver(copy, false);
  }

  #makeRoom(): void {
    if (this.#start === this.#end && !this.#keepsLent) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#sizeBytes - this.#end < LEAST_ROOM_BYTES && (this.#start > 0 || this.#keepsLent)) {
      const waiting = this.#memory.subarray(this.#start, this.#end);
      if (this.#keepsLent) this.#memory = Buffer.allocUnsafeSlow(this.#sizeBytes);
      this.#memory.set(waiting);
      this.#start = 0;
      this.#end = waiting.length;
      this.#keepsLent = false;
    }
  }
}

/** @returns of header and payload, in bytes; undefined while not all of the header is there */
const frameLength = (memory: Buffer, start: number, end: number): number | undefined => {
  if (end - start < 2) return undefined;
  const second = memory[start + 1] ?? 0;
  // A server must not mask; the reader refuses it, once it has it.
  const maskBytes = second & 0x80 ? 4 : 0;
  const short = second & 0x7f;
  if (short < 126) return 2 + maskBytes + short;
  if (short === 126) return end - start < 4 ? undefined : 4 + maskBytes + memory.readUInt16BE(start + 2);
  return end - start < 10 ? undefined : 10 + maskBytes + Number(memory.readBigUInt64BE(start + 2));
};
