/** One piece that came from the pod → checked against the pod's checksum, compressed, hashed in order, stored. */
import { StepError } from '../step-error.ts';
import type { Way } from './compression.ts';
import type { Piece } from './pieces.ts';
import type { Transfer } from './run.ts';

/** The piece came otherwise than the pod read it: asking for it again may help. */
export class PieceDiffers extends Error {
  override readonly name = 'PieceDiffers';
}

/** 1 costs a third of what 6 does, and heap dumps shrink nearly as much by it. */
const LEVEL = 1;

export interface Storing {
  /** The buffer with the piece as it was dumped may be used again, however this ends. */
  readonly letGo: Promise<unknown>;
  /** In the ledger. Settles after `letGo`. @throws PieceDiffers; HprofError; StoreError */
  readonly stored: Promise<void>;
}

/**
 * @param raw of the dump
 * @param podSum undefined where the pod gives one for the whole alone
 * @param last the least size of a part does not hold for the last one
 */
export function storePiece(
  transfer: Transfer,
  piece: Piece,
  raw: SharedArrayBuffer,
  way: Exclude<Way, 'pod'>,
  podSum: string | undefined,
  last: boolean,
): Storing {
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const stored = store(transfer, piece, raw, way, podSum, last, letGo).finally(letGo);
  // Whoever waits for `letGo` first must not be taken by surprise.
  stored.catch(() => undefined);
  return { letGo: gone, stored };
}

async function store(
  transfer: Transfer,
  piece: Piece,
  raw: SharedArrayBuffer,
  way: Exclude<Way, 'pod'>,
  podSum: string | undefined,
  last: boolean,
  letGo: () => void,
): Promise<void> {
  const { context, upload, record, sumKind, signal } = transfer;
  if (way !== 'raw' && record !== undefined) await transfer.turns.enter(piece.number, signal);
  const out = way === 'raw' ? undefined : await transfer.packed.acquire(signal);
  try {
    const treated = await context.threads.treat(
      {
        raw,
        rawBytes: piece.sizeBytes,
        sum: sumKind,
        ...(out === undefined
          ? {}
          : {
              pack: {
                out,
                first: piece.number === 1,
                level: way === 'stored' ? 0 : LEVEL,
                minBytes: last ? undefined : context.store.limits.minPartBytes,
              },
            }),
      },
      signal,
    );
    const value = treated.sum;
    if (value === undefined) throw new StepError('internal', `no ${sumKind}`);
    if (podSum !== undefined && value !== podSum)
      throw new PieceDiffers(`piece ${piece.number}: ${sumKind} ${podSum} in the pod, ${value} here`);
    const bytes = new Uint8Array(raw, 0, piece.sizeBytes);
    const body = out === undefined ? bytes : new Uint8Array(out, 0, treated.bytes);
    const hashed = async (): Promise<void> => {
      await record?.offer(piece.number, bytes, body, signal);
      transfer.turns.took(piece.number);
      if (out !== undefined) letGo();
    };
    const sent = async (): Promise<void> => {
      const part = await context.store.uploadPart(
        upload.objectKey,
        upload.uploadId,
        { number: piece.number, body, md5: treated.md5, crc64: treated.crc64 },
        signal,
      );
      await transfer.ledger.record({
        number: piece.number,
        sizeBytes: part.sizeBytes,
        etag: part.etag,
        crc64: treated.crc64,
        dumpBytes: piece.sizeBytes,
        podSum: { kind: sumKind, value },
        via: 'relay',
      });
    };
    // Both look at the same buffers: neither may still do so when they are used again.
    for (const each of await Promise.allSettled([hashed(), sent()]))
      if (each.status === 'rejected') throw each.reason;
    transfer.compression.done(way, piece.sizeBytes);
  } finally {
    if (out !== undefined) transfer.packed.release(out);
  }
}
