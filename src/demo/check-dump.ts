/** That what was downloaded is the file on record, and a whole heap dump. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Download } from './download.ts';
import { inspectDump } from './inspect-dump.ts';

/** What the record says of a completed request. */
export interface OnRecord {
  readonly requestId: string;
  readonly form: 'hprof' | 'hprof.gz';
  readonly sha256: string;
  readonly dumpSha256: string;
}

/** Reads a heap dump record by record. */
export interface Walk {
  update(chunk: Uint8Array): void;
  end(): { readonly records: number; readonly version: string };
}

export interface CheckOptions {
  readonly walk: Walk;
  /** Where the dump is kept; packed if the name ends in .gz. */
  readonly out: string | undefined;
  readonly print: (line: string) => void;
}

/** @returns sizes and sums of the dump and of the file that came; @throws Error that says what is wrong */
export async function checkDump(downloaded: Download, record: OnRecord, options: CheckOptions) {
  const { walk, print } = options;
  if (record.sha256 !== downloaded.sha256)
    throw new Error(`The download’s SHA-256 is ${downloaded.sha256}, the record says ${record.sha256}`);
  const out = options.out === undefined ? undefined : resolve(options.out);
  if (out !== undefined) await mkdir(join(out, '..'), { recursive: true });
  const keptPacked = out?.endsWith('.gz') === true;
  const isPacked = record.form === 'hprof.gz';
  const dump = await inspectDump(downloaded.file, {
    packed: isPacked,
    onChunk: (chunk) => walk.update(chunk),
    out: keptPacked ? undefined : out,
  });
  const summary = walk.end();
  if (record.dumpSha256 !== dump.sha256)
    throw new Error(`The dump’s SHA-256 is ${dump.sha256}, the record says ${record.dumpSha256}`);
  if (keptPacked && out !== undefined) await copyFile(downloaded.file, out);
  print(
    `\nDownloaded through the link: ${downloaded.sizeBytes} bytes${isPacked ? `, ${dump.sizeBytes} bytes unpacked` : ''}, ${summary.records} records, a whole HPROF ${summary.version}.`,
  );
  if (out !== undefined) print(`Kept as ${out}`);
  return {
    requestId: record.requestId,
    bytes: dump.sizeBytes,
    sha256: dump.sha256,
    storedBytes: downloaded.sizeBytes,
    storedSha256: downloaded.sha256,
  };
}
