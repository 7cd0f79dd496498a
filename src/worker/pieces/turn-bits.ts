/**
 * Turns round the bits of each byte, sixteen bytes at a time: WebAssembly's vector instructions look up both halves of a
 * byte in a table of sixteen (https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions), which
 * no instruction of JavaScript does. A program of 141 bytes, written out below because no package has it.
 */

export interface BitTurner {
  /** What is turned lies here; its length is a multiple of 16. Nobody else's memory. */
  readonly bytes: Buffer;
  /** @param count of bytes, from the first on; up to 15 more may be turned as well */
  turn(count: number): void;
}

/** What of it is used here: TypeScript knows it with the browser's types alone. */
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> };
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Of 64 KiB: fits into a core's cache, with room for what it is read from. */
const PAGES = 2;

/** @throws CompileError on a processor without vector instructions, which Node does not run on either */
export function createBitTurner(): BitTurner {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(PROGRAM));
  const { memory, turn } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof turn !== 'function')
    throw new Error('The program does not export what it should');
  return { bytes: Buffer.from(memory.buffer), turn: (count) => void turn(count) };
}

/** abcd → dcba, for all sixteen. */
const TURNED_HALVES = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

const END = 0x0b;
const GET = (local: number): number[] => [0x20, local];
const V128 = (opcode: number, ...rest: number[]): number[] => [0xfd, opcode, ...rest];
const CONST = (bytes: readonly number[]): number[] => V128(0x0c, ...bytes);
const SWIZZLE = V128(0x0e);

/** Parameter 0: where to stop. Locals: 1 the place, 2 the sixteen bytes that lie there. */
const BODY = [
  ...[2, 1, 0x7f, 1, 0x7b], // one i32, one v128
  ...[0x03, 0x40], // loop
  ...GET(1),
  ...CONST(TURNED_HALVES.map((half) => half << 4)),
  ...[...GET(1), ...V128(0x00, 0, 0), 0x22, 2], // load, and keep in local 2
  ...[...CONST(Array.from({ length: 16 }, () => 0x0f)), ...V128(0x4e)], // its lower halves
  ...SWIZZLE,
  ...CONST(TURNED_HALVES),
  ...[...GET(2), 0x41, 4, ...V128(0x6d)], // its upper halves
  ...SWIZZLE,
  ...V128(0x50), // both
  ...V128(0x0b, 0, 0), // store
  ...[...GET(1), 0x41, 16, 0x6a, 0x22, 1], // on by sixteen
  ...[...GET(0), 0x49, 0x0d, 0], // again while below the end
  ...[END, END],
];

/** A section's number, the bytes it takes, and what is in it; none is longer than 127, so a length is one byte. */
const section = (number: number, bytes: readonly number[]): number[] => [number, bytes.length, ...bytes];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

const PROGRAM = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 1, 0x7f, 0]), // a function of one i32
  ...section(3, [1, 0]),
  ...section(5, [1, 0, PAGES]),
  ...section(7, [2, ...name('memory'), 2, 0, ...name('turn'), 0, 0]),
  ...section(10, [1, BODY.length, ...BODY]),
]);
