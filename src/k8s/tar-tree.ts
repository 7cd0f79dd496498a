import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { type Header, type Pack, pack } from 'tar-stream';
import { CopyError } from './copy-error.ts';

export interface TreeEntry {
  /** In the archive, with '/'; the first component is the name that the copy gets. */
  readonly name: string;
  readonly hostPath: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Permission bits; set-uid and the like stay at home. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly linkTarget: string | undefined;
}

/**
 * A file, a directory with all in it, or a symlink as such (links are never followed), parents first.
 * @throws CopyError 'source-unreadable', 'bad-path'
 */
export const readTree = async (from: string, top: string): Promise<TreeEntry[]> => {
  const entries: TreeEntry[] = [];
  const visit = async (hostPath: string, name: string): Promise<void> => {
    // The pod's side compares line by line.
    if (/[\n\0]/.test(name))
      throw new CopyError('bad-path', `A name with a line break in it: ${JSON.stringify(name)}`);
    const found = await lstat(hostPath);
    const kind = kindOf(found);
    if (kind === undefined)
      throw new CopyError('source-unreadable', `Neither file, directory nor symlink: ${hostPath}`);
    entries.push({
      name,
      hostPath,
      kind,
      mode: found.mode & 0o777,
      sizeBytes: kind === 'file' ? found.size : 0,
      linkTarget: kind === 'symlink' ? await readlink(hostPath) : undefined,
    });
    if (kind !== 'directory') return;
    for (const child of (await readdir(hostPath)).sort())
      await visit(path.join(hostPath, child), `${name}/${child}`);
  };
  try {
    await visit(from, top);
  } catch (error) {
    throw error instanceof CopyError ? error : unreadable(from, error);
  }
  return entries;
};

const kindOf = (found: Stats): TreeEntry['kind'] | undefined => {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  return found.isSymbolicLink() ? 'symlink' : undefined;
};

const unreadable = (what: string, cause: unknown): CopyError =>
  new CopyError(
    'source-unreadable',
    `Cannot read ${what}: ${cause instanceof Error ? cause.message : cause}`,
    cause,
  );

const BLOCK = 512;
/** Tars read whole records of 20 blocks: one that is short makes GNU tar wait for more. */
const RECORD = 20 * BLOCK;

const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;

/** Size of what `tarOf` will yield: headers have the same size whatever stands in them, so empty files tell. */
export const tarSizeBytes = async (entries: readonly TreeEntry[]): Promise<number> => {
  const headers = pack();
  for (const entry of entries) headers.entry({ ...headerOf(entry), size: 0 }, '');
  headers.finalize();
  let bytes = 0;
  for await (const chunk of headers as AsyncIterable<Buffer>) bytes += chunk.length;
  for (const { sizeBytes } of entries) bytes += roundUp(sizeBytes, BLOCK);
  return roundUp(bytes, RECORD);
};

/**
 * The archive in pieces of at most 64 KiB, each read when it is asked for.
 * @param onFile told of each file's SHA-256 (hex) once it was read
 * @throws CopyError 'source-unreadable' also if a file is not as `readTree` saw it
 */
export async function* tarOf(
  entries: readonly TreeEntry[],
  onFile: (entry: TreeEntry, sha256: string) => void,
): AsyncGenerator<Buffer> {
  const archive = pack();
  const feeding = feed(archive, entries, onFile).catch((error: Error) => archive.destroy(error));
  let bytes = 0;
  try {
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  } finally {
    archive.destroy();
    await feeding;
  }
  yield Buffer.alloc(roundUp(bytes, RECORD) - bytes);
}

const feed = async (
  archive: Pack,
  entries: readonly TreeEntry[],
  onFile: (entry: TreeEntry, sha256: string) => void,
): Promise<void> => {
  for (const entry of entries) {
    if (entry.kind === 'file') onFile(entry, await feedFile(archive, entry));
    else archive.entry(headerOf(entry));
  }
  archive.finalize();
};

const feedFile = async (archive: Pack, entry: TreeEntry): Promise<string> => {
  const hash = createHash('sha256');
  const file = await open(entry.hostPath, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      throw unreadable(entry.hostPath, error);
    },
  );
  try {
    if ((await file.stat()).size !== entry.sizeBytes) throw changed(entry);
    const body = archive.entry(headerOf(entry));
    let bytes = 0;
    const end = entry.sizeBytes - 1;
    const chunks = end < 0 ? [] : file.createReadStream({ start: 0, end, autoClose: false });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      if (!body.write(chunk)) await drained(body);
      if (body.destroyed) break;
    }
    if (bytes !== entry.sizeBytes) throw changed(entry);
    body.end(undefined);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
};

/** Also when nobody reads the archive any more. */
const drained = (body: ReturnType<Pack['entry']>): Promise<void> =>
  new Promise((resolve) => {
    const goOn = (): void => {
      body.off('drain', goOn).off('close', goOn);
      resolve();
    };
    body.on('drain', goOn).on('close', goOn);
    if (body.destroyed) goOn();
  });

const changed = (entry: TreeEntry): CopyError =>
  new CopyError('source-unreadable', `Changed while it was read: ${entry.hostPath}`);

/** Owner 0:0 and the epoch: the extracting tar is told to use neither. */
const headerOf = (entry: TreeEntry): Partial<Header> & { name: string } => ({
  name: entry.name,
  type: entry.kind,
  mode: entry.mode,
  size: entry.sizeBytes,
  mtime: new Date(0),
  ...(entry.linkTarget === undefined ? {} : { linkname: entry.linkTarget }),
});
