/**
 * CRC-64/XZ, written from its definition and apart from the worker's, so that each checks the other.
 * Bytes: eight tables, one per byte of a 64-bit step, each value in two 32-bit halves.
 * Combining: the operator "append n zero bytes" as a 64 × 64 matrix over GF(2), squared and multiplied as zlib does.
 */
const POLYNOMIAL = 0xc96c5795d7870f42n;

interface Tables {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

function buildTables(): Tables {
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
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

/** A running CRC; `value` is the CRC of all bytes so far, 0 for none. */
export class RunningCrc64 {
  #low = 0xffffffff;
  #high = 0xffffffff;

  update(bytes: Uint8Array): void {
    tables ??= buildTables();
    const { low, high } = tables;
    // Every index below is masked to the table's size, so that `?? 0` never decides anything.
    const l = (table: number, byte: number) => low[table * 256 + (byte & 0xff)] ?? 0;
    const h = (table: number, byte: number) => high[table * 256 + (byte & 0xff)] ?? 0;
    let crcLow = this.#low;
    let crcHigh = this.#high;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const a = crcLow ^ view.getUint32(at, true);
      const b = crcHigh ^ view.getUint32(at + 4, true);
      crcLow =
        l(7, a) ^
        l(6, a >>> 8) ^
        l(5, a >>> 16) ^
        l(4, a >>> 24) ^
        l(3, b) ^
        l(2, b >>> 8) ^
        l(1, b >>> 16) ^
        l(0, b >>> 24);
      crcHigh =
        h(7, a) ^
        h(6, a >>> 8) ^
        h(5, a >>> 16) ^
        h(4, a >>> 24) ^
        h(3, b) ^
        h(2, b >>> 8) ^
        h(1, b >>> 16) ^
        h(0, b >>> 24);
    }
    for (; at < bytes.length; at++) {
      const byte = crcLow ^ view.getUint8(at);
      crcLow = (crcLow >>> 8) ^ (crcHigh << 24) ^ l(0, byte);
      crcHigh = (crcHigh >>> 8) ^ h(0, byte);
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
