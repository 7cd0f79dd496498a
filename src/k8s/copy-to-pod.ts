/**
 * Copies a file or a directory into a container by its tar. v4 cannot end a command's stdin, so the pod's side asks
 * for the size first and reads exactly that much. The dialog, all in one exec:
 *
 *     pod:  into | as                the destination is a directory | its last component is the new name
 *     host: <size of the archive>    and then the archive
 *     pod:  extracted
 *     host: f <name>                 one line for each file (f), directory (d) and symlink (l), then an empty one
 *     pod:  <size> <sha256>          for each, or ok, or missing; the sum only where there is sha256sum
 *     pod:  done
 *
 * Instead of any of its lines the pod may say 'error <code> <details>'.
 */
import path from 'node:path';
import type { Cluster } from './client.ts';
import { CopyError, copyErrorOfLine, orNoShell } from './copy-error.ts';
import type { ExecTarget } from './exec-options.ts';
import type { Subprotocol } from './exec-socket.ts';
import { type LineDialog, openLineDialog } from './line-dialog.ts';
import { readTree, type TreeEntry, tarOf, tarSizeBytes } from './tar-tree.ts';

export { CopyError } from './copy-error.ts';
export { writeFileToPod } from './write-file-to-pod.ts';

export interface CopyOptions {
  /** File, directory or symlink on this machine. */
  readonly from: string;
  /** Absolute path in the container. If a directory is there the copy goes into it, else this is its name. */
  readonly to: string;
  readonly subprotocol?: Subprotocol | undefined;
  /** For the whole copy. Default 10 minutes. */
  readonly timeoutMs?: number | undefined;
}

export interface Copied {
  /** Where it is now, in the container. */
  readonly path: string;
  readonly files: number;
  /** Of the files' content. */
  readonly sizeBytes: number;
  /** What was compared at both ends; 'size' alone where the container has no sha256sum. */
  readonly compared: 'sha256' | 'size';
}

const COPY_TIMEOUT_MS = 600_000;

/**
 * $1 destination, $2 the directory above it, $3 its last component, $4 the source's own name, $5 f, d or l,
 * $6 'yes' if the destination has to be a directory. -o: the owner is whoever runs this; -m: no clock is compared.
 */
const SCRIPT = `
export LC_ALL=C
fail() { echo "error $*"; exit 1; }
has() { command -v "$1" > /dev/null 2>&1; }
has tar || fail no-tar
has head || fail no-head
if [ -d "$1" ]; then
  folder=$1 top=$4 how=into
elif [ "$6" = yes ]; then
  if [ -e "$1" ]; then fail not-a-directory; else fail destination-missing; fi
elif [ -d "$2" ]; then
  folder=$2 top=$3 how=as
elif [ -e "$2" ]; then
  fail not-a-directory
else
  fail destination-missing
fi
there=\${folder%/}/$top
if [ -d "$there" ] && [ ! -L "$there" ]; then
  [ "$5" = d ] || fail is-a-directory
elif [ -e "$there" ] || [ -L "$there" ]; then
  [ "$5" != d ] || fail not-a-directory
fi
probe=\${folder%/}/.heapdump-bot-probe-$$
said=$( { : > "$probe"; } 2>&1 ) && rm -f "$probe" || fail write $said
echo $how
read -r size || fail broken
said=$(head -c "$size" | tar -x -o -p -m -f - -C "$folder" 2>&1) || {
  [ "$5" != f ] || rm -f "$there"
  fail tar $said
}
echo extracted
while IFS= read -r line && [ -n "$line" ]; do
  name=\${folder%/}/\${line#? }
  case $line in
    f*) if [ -f "$name" ] && [ ! -L "$name" ]; then
          echo $(wc -c < "$name") $(sha256sum < "$name" 2> /dev/null)
        else echo missing; fi ;;
    d*) if [ -d "$name" ]; then echo ok; else echo missing; fi ;;
    l*) if [ -L "$name" ]; then echo ok; else echo missing; fi ;;
  esac
done
echo done`;

/** @throws CopyError, ExecError */
export const copyToPod = async (
  cluster: Cluster,
  target: ExecTarget,
  options: CopyOptions,
  signal?: AbortSignal,
): Promise<Copied> => {
  const destination = readDestination(options.to);
  const ownName = path.basename(path.resolve(options.from));
  const [root] = await readTree(options.from, ownName);
  if (root === undefined || ownName === '')
    throw new CopyError('bad-path', `Not to be copied: ${options.from}`);
  const { to, parent, name, mustBeDirectory } = destination;
  const argv = ['sh', '-c', SCRIPT, 'sh', to, parent, name, ownName, root.kind.charAt(0).replace('s', 'l')];
  const dialog = await openLineDialog(cluster, target, {
    argv: [...argv, mustBeDirectory ? 'yes' : 'no'],
    signal,
    timeoutMs: options.timeoutMs ?? COPY_TIMEOUT_MS,
    subprotocol: options.subprotocol,
  });
  try {
    const how = await expectLine(dialog, ['into', 'as'], to);
    const top = how === 'into' ? ownName : name;
    const entries = await readTree(options.from, top);
    const sums = await sendArchive(dialog, entries);
    await expectLine(dialog, ['extracted'], to);
    const compared = await compare(dialog, entries, sums, to);
    await dialog.session.done;
    return {
      path: path.posix.join(how === 'into' ? to : parent, top),
      files: entries.filter(({ kind }) => kind === 'file').length,
      sizeBytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      compared,
    };
  } catch (error) {
    dialog.session.abort(error);
    await dialog.session.done.catch(() => {});
    throw orNoShell(error);
  }
};

interface Destination {
  readonly to: string;
  readonly parent: string;
  readonly name: string;
  readonly mustBeDirectory: boolean;
}

const readDestination = (to: string): Destination => {
  const components = to.split('/');
  if (!to.startsWith('/') || /[\n\0]/.test(to) || components.includes('..'))
    throw new CopyError('bad-path', `Not an absolute path in the container: ${JSON.stringify(to)}`);
  const clean = path.posix.resolve(to);
  return {
    to: clean,
    parent: path.posix.dirname(clean),
    name: path.posix.basename(clean),
    mustBeDirectory: to.endsWith('/') || components.at(-1) === '.',
  };
};

const sendArchive = async (
  { session }: LineDialog,
  entries: readonly TreeEntry[],
): Promise<Map<string, string>> => {
  const sums = new Map<string, string>();
  const size = await tarSizeBytes(entries);
  await session.write(`${size}\n`);
  let sent = 0;
  for await (const piece of tarOf(entries, ({ name }, sha256) => sums.set(name, sha256))) {
    sent += piece.length;
    await session.write(piece);
    // The pod has ended it already, and its reason is waiting to be read.
    if (session.ended) return sums;
  }
  if (sent !== size) throw new Error(`Archive is ${sent} bytes, ${size} were announced`);
  return sums;
};

const compare = async (
  dialog: LineDialog,
  entries: readonly TreeEntry[],
  sums: ReadonlyMap<string, string>,
  to: string,
): Promise<Copied['compared']> => {
  let compared: Copied['compared'] = 'sha256';
  for (const { name, kind, sizeBytes } of entries) {
    await dialog.session.write(`${kind === 'symlink' ? 'l' : kind.charAt(0)} ${name}\n`);
    const answer = await dialog.nextLine();
    const [size, sha256] = answer?.split(/\s+/) ?? [];
    if (kind === 'file' && sha256 === undefined) compared = 'size';
    const right =
      kind === 'file'
        ? size === String(sizeBytes) && (sha256 === undefined || sha256 === sums.get(name))
        : answer === 'ok';
    if (!right) throw new CopyError('mismatch', `${name} did not arrive as it was sent: ${to}`);
  }
  await dialog.session.write('\n');
  await expectLine(dialog, ['done'], to);
  return compared;
};

const expectLine = async (dialog: LineDialog, expected: readonly string[], to: string): Promise<string> => {
  const line = await dialog.nextLine();
  if (line !== undefined && expected.includes(line)) return line;
  if (line === undefined) throw new CopyError('failed', `The container's side ended early: ${to}`);
  throw copyErrorOfLine(line, to);
};
