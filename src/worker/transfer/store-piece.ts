/** One piece that came from the pod → checked against the pod's checksum, compressed, hashed in order, stored. */
import { StepError } from '../step-error.ts';
import type { Way } from './compression.ts';
import type { Piece } from './pieces.ts';
import type { Transfer } from './run.ts';
import { sendPart } from './send-part.ts';

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

/** A piece that lies in `raw`, as it was dumped. */
export interface ReceivedPiece {
  readonly piece: Piece;
  readonly raw: SharedArrayBuffer;
  readonly way: Exclude<Way, 'pod'>;
  /** Undefined where the pod gives one for the whole alone. */
  readonly podSum: string | undefined;
  /** The least size of a part does not hold for it. */
  readonly isLast: boolean;
}

export function storePiece(transfer: Transfer, received: ReceivedPiece): Storing {
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const stored = store(transfer, received, letGo).finally(letGo);
  // Whoever waits for `letGo` first must not be taken by surprise.
  stored.catch(() => undefined);
  return { letGo: gone, stored };
}

async function store(
  transfer: Transfer,
  { piece, raw, way, podSum, isLast }: ReceivedPiece,
  letGo: () => void,
): Promise<void> {
  const { context, record, sumKind, signal } = transfer;
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
                minBytes: isLast ? undefined : context.store.limits.minPartBytes,
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
    // Both look at the same buffers: neither may still do so when they are used again.
    for (const each of await Promise.allSettled([
      hashed(),
      sendPart(transfer, piece, body, treated, { kind: sumKind, value }),
    ]))
      if (each.status === 'rejected') throw each.reason;
    transfer.compression.done(way, piece.sizeBytes);
  } finally {
    if (out !== undefined) transfer.packed.release(out);
  }
}
