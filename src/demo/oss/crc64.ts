/**
 * CRC-64/XZ. Bytes go through WebAssembly, as the stand-in must cost little beside what is measured with it.
 * Combining is written apart from the worker's, so that each checks the other: the operator "append n zero bytes" as a
 * 64 × 64 matrix over GF(2), squared and multiplied as zlib does.
 */
import { createCRC64 } from 'hash-wasm';

const POLYNOMIAL = 0xc96c5795d7870f42n;

export interface RunningCrc64 {
  update(bytes: Uint8Array): void;
  /** Of all bytes, 0 for none. No more may follow. */
  end(): bigint;
}

export async function startCrc64(): Promise<RunningCrc64> {
  const hasher = await createCRC64();
  hasher.init();
  return {
    update: (bytes) => void hasher.update(bytes),
    end: () => BigInt(`0x${hasher.digest('hex')}`),
  };
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
