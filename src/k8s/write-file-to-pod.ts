import { createHash } from 'node:crypto';
import type { Cluster } from './client.ts';
import { CopyError, copyErrorOfLine, orNoShell } from './copy-error.ts';
import { exec } from './exec.ts';
import type { ExecTarget } from './exec-options.ts';
import type { Subprotocol } from './exec-socket.ts';

export interface WriteFileOptions {
  readonly content: Uint8Array;
  /** Absolute path in the container; its directory must exist. A file that is there is replaced in one move. */
  readonly to: string;
  /** Permission bits. Default 0o600. */
  readonly mode?: number | undefined;
  readonly subprotocol?: Subprotocol | undefined;
  /** Default 2 minutes. */
  readonly timeoutMs?: number | undefined;
}

const WRITE_TIMEOUT_MS = 120_000;

/** $1 path, $2 size, $3 mode, $4 SHA-256. Nothing is at the path until all of it is there. */
const SCRIPT = `
export LC_ALL=C
fail() { echo "error $*"; exit 1; }
command -v head > /dev/null 2>&1 || fail no-head
[ -d "$1" ] && fail is-a-directory
folder=\${1%/*}
[ -d "\${folder:-/}" ] || { [ -e "$folder" ] && fail not-a-directory; fail destination-missing; }
part=$1.part-$$
trap 'rm -f "$part"' EXIT
umask 077
said=$( { head -c "$2" > "$part"; } 2>&1 ) || fail write $said
[ "$(($(wc -c < "$part")))" = "$2" ] || fail mismatch
sum=$(sha256sum < "$part" 2> /dev/null) && { [ "\${sum%% *}" = "$4" ] || fail mismatch; }
said=$(chmod "$3" "$part" 2>&1) || fail chmod $said
said=$(mv -f "$part" "$1" 2>&1) || fail mv $said
echo done`;

/** Writes a file without tar: sh, head, wc, chmod and mv are enough. @throws CopyError, ExecError */
export const writeFileToPod = async (
  cluster: Cluster,
  target: ExecTarget,
  options: WriteFileOptions,
  signal?: AbortSignal,
): Promise<void> => {
  const { content, to, mode = 0o600 } = options;
  if (!to.startsWith('/') || to.endsWith('/') || /[\n\0]/.test(to))
    throw new CopyError('bad-path', `Not an absolute path of a file: ${JSON.stringify(to)}`);
  const sha256 = createHash('sha256').update(content).digest('hex');
  let stdout: string;
  try {
    const result = await exec(cluster, target, {
      argv: ['sh', '-c', SCRIPT, 'sh', to, String(content.length), mode.toString(8), sha256],
      stdin: content,
      signal,
      timeoutMs: options.timeoutMs ?? WRITE_TIMEOUT_MS,
      subprotocol: options.subprotocol,
    });
    stdout = result.stdout?.toString('utf8').trim() ?? '';
  } catch (error) {
    throw orNoShell(error);
  }
  if (stdout !== 'done') throw copyErrorOfLine(stdout, to);
};
