/**
 * CRC-64/XZ, written from its definition and apart from the worker's, so that each checks the other.
 * Bytes: eight tables, one per byte of a 64-bit step, each value in two 32-bit halves.
 * Combining: the operator "append n zero bytes" as a 64 × 64 matrix over GF(2), squared and multiplied as zlib does.
 */
const POLYNOMIAL = 0xc96c5795d7870f42n;

interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function buildTables(): Tables {
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let rest = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? (rest >> 1n) ^ POLYNOMIAL : rest >> 1n;
    first.push(rest);
  }
  for (let byte = 0; byte < 256; byte++) {
    let rest = first[byte] ?? 0n;
    for (let table = 0; table < 8; table++) {
      low[table * 256 + byte] = Number(rest & 0xffffffffn);
      high[table * 256 + byte] = Number(rest >> 32n);
      rest = (first[Number(rest & 0xffn)] ?? 0n) ^ (rest >> 8n);
    }
  }
  return { low, high };
}

let tables: Tables | undefined;

/** As 32-bit words in the machine's order, which must be little-endian, as all that Node runs on today is. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
}

/** A running CRC; `value` is the CRC of all bytes so far, 0 for none. */
export class RunningCrc64 {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    tables ??= buildTables();
    const { low, high } = tables;
    let crcLow = this.#low;
    let crcHigh = this.#high;
    let at = 0;
    // Loops over typed arrays without calls: this is where the stand-in spends its time. No index leaves its table.
    const words = wordsOf(bytes);
    for (let word = 0; word + 1 < words.length; word += 2, at += 8) {
      const a = crcLow ^ (words[word] as number);
      const b = crcHigh ^ (words[word + 1] as number);
      const i7 = 0x700 | (a & 0xff);
      const i6 = 0x600 | ((a >>> 8) & 0xff);
      const i5 = 0x500 | ((a >>> 16) & 0xff);
      const i4 = 0x400 | (a >>> 24);
      const i3 = 0x300 | (b & 0xff);
      const i2 = 0x200 | ((b >>> 8) & 0xff);
      const i1 = 0x100 | ((b >>> 16) & 0xff);
      const i0 = b >>> 24;
      crcLow = (low[i7] as number) ^ (low[i6] as number) ^ (low[i5] as number) ^ (low[i4] as number);
      crcLow ^= (low[i3] as number) ^ (low[i2] as number) ^ (low[i1] as number) ^ (low[i0] as number);
      crcHigh = (high[i7] as number) ^ (high[i6] as number) ^ (high[i5] as number) ^ (high[i4] as number);
      crcHigh ^= (high[i3] as number) ^ (high[i2] as number) ^ (high[i1] as number) ^ (high[i0] as number);
    }
    for (; at < bytes.length; at++) {
      const index = (crcLow ^ (bytes[at] as number)) & 0xff;
      crcLow = (crcLow >>> 8) ^ (crcHigh << 24) ^ (low[index] as number);
      crcHigh = (crcHigh >>> 8) ^ (high[index] as number);
    }
    this.#low = crcLow;
    this.#high = crcHigh;
  }

  get value(): bigint {
    return (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0);
  }
}

/** Column i of a matrix: what bit i turns into. */
type Matrix = readonly bigint[];

function times(matrix: Matrix, vector: bigint): bigint {
  let sum = 0n;
  for (let bit = 0, rest = vector; rest !== 0n; bit++, rest >>= 1n) if (rest & 1n) sum ^= matrix[bit] ?? 0n;
  return sum;
}

const product = (a: Matrix, b: Matrix): Matrix => b.map((column) => times(a, column));

/** Parts of one upload have one length, so an operator is worth keeping. */
const operators = new Map<number, Matrix>();

function appendZeroBytes(count: number): Matrix {
  const known = operators.get(count);
  if (known !== undefined) return known;
  let power: Matrix = Array.from({ length: 64 }, (_, bit) =>
    bit === 0 ? POLYNOMIAL : 1n << BigInt(bit - 1),
  );
  for (let doubling = 0; doubling < 3; doubling++) power = product(power, power);
  let operator: Matrix = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) operator = product(power, operator);
    power = product(power, power);
  }
  if (operators.size > 1000) operators.clear();
  operators.set(count, operator);
  return operator;
}

/** @returns the CRC of A followed by B, from the CRCs of both and the length of B in bytes */
export const joinCrc64 = (crcA: bigint, crcB: bigint, bytesB: number): bigint =>
  times(appendZeroBytes(bytesB), crcA) ^ crcB;
