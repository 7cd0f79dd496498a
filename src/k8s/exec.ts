/**
 * Commands in containers, over WebSockets of our own. The library's Exec is not used: it has no backpressure (a slow
 * sink made it hold 1.2 GB), a broken connection is silent in it, it takes names into the path unescaped, and it lets
 * the server choose v5. Its KubeConfig still gives address, TLS and authentication.
 *
 * v4 is asked for by default: it lost no byte where v5 said Success and lacked megabytes, a containerd that dies shows
 * as a break and not as Success, a vanished client ends the command, and it needs less CPU. What v5 alone can do is to end stdin; our input is framed by its length instead (length-framed.ts).
 *
 * Exit code 0 proves little even so: let the command print a last line of its own, and compare lengths.
 */
import type { Cluster } from './client.ts';
import { ClusterError } from './cluster-error.ts';
import { startDeadline } from './deadline.ts';
import { announcingArgv } from './end-command.ts';
import { ExecError, execErrorOfRefusal } from './exec-error.ts';
import type { ExecOptions, ExecResult, ExecSession, ExecTarget } from './exec-options.ts';
import { openExecSocket } from './exec-socket.ts';
import { lengthFramedArgv } from './length-framed.ts';
import { isDnsLabel, isDnsSubdomain } from './names.ts';
import { endedEarly, RunningExec } from './running-exec.ts';

export { ExecError } from './exec-error.ts';
export type { ExecOptions, ExecResult, ExecSession, ExecTarget } from './exec-options.ts';
export type { Subprotocol } from './exec-socket.ts';

/** Runs a command to its end. An exit code other than 0 is a result. @throws ExecError */
export const exec = async (
  cluster: Cluster,
  target: ExecTarget,
  options: ExecOptions,
): Promise<ExecResult> => {
  const session = await openExec(cluster, target, options);
  return session.done;
};

const START_TIMEOUT_MS = 20_000;
/** For the exec that ends another one's command; it waits for the grace period. */
const BESIDE_TIMEOUT_MS = 30_000;

/**
 * Resolves when the server has accepted the exec, which is before the command starts.
 * `done` must be awaited. @throws ExecError
 */
export const openExec = async (
  cluster: Cluster,
  target: ExecTarget,
  options: ExecOptions,
): Promise<ExecSession> => {
  check(target, options.argv);
  const path = pathOf(target, options);
  const whole = startDeadline(options.timeoutMs, options.signal);
  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const start = startDeadline(startTimeoutMs, whole.signal);
  try {
    const { socket, protocol } = await openExecSocket(
      cluster,
      path,
      options.subprotocol ?? 'v4',
      start.signal,
    );
    const beside = (argv: readonly string[]): Promise<ExecResult> =>
      exec(cluster, target, { argv, timeoutMs: BESIDE_TIMEOUT_MS, subprotocol: protocol });
    return new RunningExec(socket, protocol, options, whole, beside);
  } catch (thrown) {
    whole.end();
    if (start.timedOut() && !whole.signal.aborted)
      throw new ExecError('timed-out', `The cluster did not accept the exec within ${startTimeoutMs} ms`, {
        cause: thrown,
        retryable: true,
      });
    if (whole.signal.aborted) throw endedEarly(whole.timedOut(), options);
    throw thrown instanceof ClusterError ? execErrorOfRefusal(thrown) : thrown;
  } finally {
    start.end();
  }
};

/** One argument over 128 KiB fails as if the command did, and all together over 1 MiB is HTTP 431. */
const MOST_ARGV_BYTES = 100_000;

const check = (target: ExecTarget, argv: readonly string[]): void => {
  const bad = (what: string): ExecError => new ExecError('bad-request', what);
  if (!isDnsLabel(target.namespace)) throw bad(`Not a namespace: ${JSON.stringify(target.namespace)}`);
  if (!isDnsSubdomain(target.pod)) throw bad(`Not a pod name: ${JSON.stringify(target.pod)}`);
  if (!isDnsLabel(target.container)) throw bad(`Not a container name: ${JSON.stringify(target.container)}`);
  if (argv[0] === undefined || argv[0] === '') throw bad('No command');
  if (argv.some((argument) => argument.includes('\0'))) throw bad('The command holds a NUL character');
  const bytes = argv.reduce((sum, argument) => sum + Buffer.byteLength(argument), 0);
  if (bytes > MOST_ARGV_BYTES) throw bad(`The command is too long: ${bytes} bytes of ${MOST_ARGV_BYTES}`);
};

const pathOf = (target: ExecTarget, options: ExecOptions): string => {
  let argv = options.argv;
  if (options.stdinSizeBytes !== undefined) argv = lengthFramedArgv(argv, options.stdinSizeBytes);
  if (options.endOnAbort) argv = announcingArgv(argv);
  const query = new URLSearchParams({ container: target.container, stdout: 'true', stderr: 'true' });
  if (options.stdin !== undefined || options.keepStdinOpen) query.set('stdin', 'true');
  for (const argument of argv) query.append('command', argument);
  return `/api/v1/namespaces/${target.namespace}/pods/${target.pod}/exec?${query}`;
};
