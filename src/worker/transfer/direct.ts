/**
 * A lane without us: the pod uploads piece after piece by itself, each over a presigned URL that is good for that one
 * part for minutes, and that it gets by stdin. No byte of the dump passes here, and no credential enters the pod.
 */

import type { DumpContext } from '../dump-context.ts';
import type { SumKind } from '../dump-job.ts';
import { StepError } from '../step-error.ts';
import { countOf, type ToolLine } from '../tool-lines.ts';
import { type PodSum, sumOf } from './part-ledger.ts';
import type { Piece } from './pieces.ts';
import { openPodFile, type PodFile } from './pod-file.ts';
import type { PodSource } from './relay.ts';
import type { Transfer, Upload } from './run.ts';

/** Long enough for a piece on a slow wire, short for whoever might find the URL. */
const URL_LIFETIME_MS = 10 * 60_000;
/** Of one piece, each over a fresh URL, before the direct way counts as closed. */
const MOST_TRIES = 3;

/** The pod cannot upload (any more): what is stored stays, the rest goes by relay. */
export class DirectClosed extends Error {
  override readonly name = 'DirectClosed';
  readonly code: 'no-route-to-store' | 'no-room-to-pack';

  constructor(code: DirectClosed['code'], message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** Works until no piece is left. @throws DirectClosed; StepError 'exec-broken' is worth another connection */
export async function directLane(transfer: Transfer, source: PodSource): Promise<void> {
  const { context, queue, signal } = transfer;
  const file = await openPodFile(context, source, signal);
  try {
    if (file.sizeBytes !== transfer.dumpSizeBytes)
      throw new StepError(
        'dump-invalid',
        `${file.sizeBytes} bytes in the pod, ${transfer.dumpSizeBytes} dumped`,
      );
    for (let piece = await queue.take(signal); piece !== undefined; piece = await queue.take(signal)) {
      try {
        await haveUploaded(transfer, file, piece);
      } catch (error) {
        queue.putBack(piece);
        throw error;
      }
      queue.done();
      transfer.meter.add(piece.sizeBytes);
    }
  } finally {
    await file.close();
  }
}

/** What the pod is about to send: its size, its MD5 for the store, and the checksum of the dump in it. */
interface Measured {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly podSum: PodSum;
  readonly request: string;
}

/** One piece, measured by the pod, sent by the pod. @throws DirectClosed */
async function haveUploaded(transfer: Transfer, file: PodFile, piece: Piece): Promise<void> {
  const { context, upload, sumKind, signal } = transfer;
  const way = transfer.compression.next();
  let refused: string | undefined;
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    signal.throwIfAborted();
    const measured = await measure(file, piece, upload.pieceBytes, way === 'pod' ? sumKind : undefined);
    const answer = await put(context, upload, file, piece, measured, signal);
    refused = refusalOf(answer);
    if (refused === undefined) {
      await recordPut(transfer, piece, measured, answer);
      transfer.compression.done(way, piece.sizeBytes);
      return;
    }
    context.log.info({ piece: piece.number, refused, attempt }, 'the pod could not upload a piece');
    // It may be our credential that ended. Whoever asks the store finds out, and gets a fresh one for the next URL.
    if (answer.values.status === '403') await context.store.head(upload.objectKey, signal);
  }
  throw new DirectClosed('no-route-to-store', `The pod could not upload piece ${piece.number}: ${refused}`);
}

/**
 * @param packWithSum to have it packed: the kind of checksum for what is in it. Undefined: as it is
 * @throws DirectClosed where there is no room for a packed piece; StepError
 */
export async function measure(
  file: PodFile,
  piece: Piece,
  pieceBytes: number,
  packWithSum: SumKind | undefined,
): Promise<Measured> {
  const range = `${piece.offset} ${pieceBytes}`;
  const request =
    packWithSum === undefined ? `measure ${range} md5` : `measure-packed ${range} ${packWithSum}`;
  const answer = await file.ask({ line: request }).catch((error: unknown) => {
    // The packed piece is a file for a moment; by relay it needs no room.
    if (error instanceof StepError && error.code === 'disk-full')
      throw new DirectClosed('no-room-to-pack', 'The pod has no room for a packed piece', { cause: error });
    throw error;
  });
  if (countOf(answer, 'bytes') !== piece.sizeBytes)
    throw new StepError('dump-invalid', `piece ${piece.number} has ${answer.values.bytes} bytes in the pod`);
  const md5 = Buffer.from(sumOf(answer.values.sum, 'md5'), 'hex');
  const sizeBytes = countOf(answer, 'size') ?? 0;
  if (md5.length !== 16 || sizeBytes === 0)
    throw new StepError('tool-failed', 'the dump tool did not measure a piece');
  return packWithSum === undefined
    ? { sizeBytes, md5, podSum: { kind: 'md5', value: md5.toString('hex') }, request: `put ${range}` }
    : {
        sizeBytes,
        md5,
        podSum: { kind: packWithSum, value: sumOf(answer.values['raw-sum'], packWithSum) },
        request: `put-packed ${piece.offset} ${sizeBytes}`,
      };
}

/** The pod sends what it measured. @returns its answer, which may be a refusal */
export async function put(
  context: DumpContext,
  upload: Pick<Upload, 'objectKey' | 'uploadId'>,
  file: PodFile,
  piece: Piece,
  { sizeBytes, md5, request }: Measured,
  signal: AbortSignal,
): Promise<ToolLine> {
  const { url } = await context.store.presignPart(
    upload.objectKey,
    upload.uploadId,
    piece.number,
    { md5, sizeBytes, lifetimeMs: URL_LIFETIME_MS },
    signal,
  );
  return file.ask({ line: `${request} ${md5.toString('base64')} ${url}` });
}

export const refusalOf = ({ values }: ToolLine): string | undefined =>
  values.status === '200' ? undefined : `status ${values.status ?? '000'} ${values.code ?? ''}`.trim();

async function recordPut(
  transfer: Transfer,
  piece: Piece,
  measured: Measured,
  answer: ToolLine,
): Promise<void> {
  const { etag = '', crc64 } = answer.values;
  const crc = crc64 !== undefined && /^\d{1,20}$/.test(crc64) ? { crc64 } : {};
  await transfer.ledger.record({
    number: piece.number,
    sizeBytes: measured.sizeBytes,
    // The store itself is asked before the parts are put together: a pod is not believed.
    etag: `"${etag
      .replaceAll(/[^0-9A-Fa-f-]/g, '')
      .slice(0, 90)
      .toUpperCase()}"`,
    ...crc,
    dumpBytes: piece.sizeBytes,
    podSum: measured.podSum,
    via: 'direct',
  });
}
