/**
 * A dump travels in pieces: each is fetched, checked, compressed and stored by itself, and piece N is part N of the
 * upload. So pieces may come in any order and over several connections, and one that is lost is sent alone again. Pure.
 */
const MIB = 1024 * 1024;

export interface Piece {
  /** Starts at 1; the number of its part. */
  readonly number: number;
  /** In the dump: a whole number of MiB, which is what every `dd` can seek by. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** @returns a whole number of MiB; more than was wished for where the store would not take so many parts */
export function pieceBytesFor(
  dumpSizeBytes: number,
  wishedMiB: number,
  limits: { readonly minPartBytes: number; readonly maxParts: number },
): number {
  const least = Math.ceil(dumpSizeBytes / (limits.maxParts - 1) / MIB);
  return Math.max(wishedMiB, least, Math.ceil(limits.minPartBytes / MIB)) * MIB;
}

export function piecesOf(dumpSizeBytes: number, pieceBytes: number): Piece[] {
  return Array.from({ length: Math.ceil(dumpSizeBytes / pieceBytes) }, (_, index) => ({
    number: index + 1,
    offset: index * pieceBytes,
    sizeBytes: Math.min(pieceBytes, dumpSizeBytes - index * pieceBytes),
  }));
}
