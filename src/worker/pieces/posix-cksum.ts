/**
 * The checksum that POSIX `cksum` prints, which every pod's userland can compute.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/cksum.html
 * It is zlib's CRC-32 with the bits of each byte taken in the other order, no ones put in at the start, and the length
 * of the file appended: so the bits are turned round here, and zlib does the rest.
 */
import { crc32 } from 'node:zlib';
import { createBitTurner } from './turn-bits.ts';

export interface PosixCksum {
  /** Takes a view of any memory, shared memory too. */
  update(bytes: Uint8Array): void;
  /** First number of what `cksum` prints for all bytes so far, in decimal. More bytes may follow. */
  value(): string;
  reset(): void;
}

/** zlib inverts what it is given and what it returns: this starts it at 0, as POSIX does. */
const START = 0xffffffff;

export function createPosixCksum(): PosixCksum {
  const turner = createBitTurner();
  const room = turner.bytes;
  let crc = START;
  let length = 0;

  const add = (bytes: Uint8Array, before: number): number => {
    if (bytes.length === 0) return before;
    // `set` would copy byte by byte out of memory that threads share.
    room.fill(bytes, 0, bytes.length);
    turner.turn(bytes.length);
    return crc32(room.subarray(0, bytes.length), before);
  };

  return {
    update(bytes) {
      for (let at = 0; at < bytes.length; at += room.length)
        crc = add(bytes.subarray(at, at + room.length), crc);
      length += bytes.length;
    },
    value() {
      const appended: number[] = [];
      // Lowest byte first, and no more bytes than it takes.
      for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) appended.push(rest % 256);
      // All 32 bits have to be turned back: the order of the bytes here, the bits in them below.
      room.writeUInt32LE(add(Uint8Array.from(appended), crc));
      turner.turn(4);
      return String(room.readUInt32BE());
    },
    reset() {
      crc = START;
      length = 0;
    },
  };
}
