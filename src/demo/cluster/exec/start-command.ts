import type { ExecProcess } from '../container/runtime.ts';
import type { ExecTarget } from './exec-request.ts';
import type { NotStarted } from './exec-session.ts';
import { containerExitedStatus, exitStatus, noArgvStatus, notStartedStatus } from './exec-status.ts';
import type { Subprotocol } from './subprotocol.ts';

/** The kernel's limit for one string of argv, its final zero included (MAX_ARG_STRLEN). */
const MAX_ARGUMENT_BYTES = 131_072;

/** Starts the command in its container, or says why not as the container runtime would. */
export const startCommand = (target: ExecTarget, protocol: Subprotocol): ExecProcess | NotStarted => {
  const { container, command, streams } = target;
  const { running } = container;
  if (!running || container.state.kind !== 'running') return { status: containerExitedStatus(protocol) };
  const [file] = command;
  if (file === undefined) return { status: noArgvStatus(protocol) };
  const found = running.findExecutable(file);
  if ('problem' in found) return { status: notStartedStatus(protocol, file, found.problem) };
  if (command.some((word) => Buffer.byteLength(word) + 1 > MAX_ARGUMENT_BYTES)) {
    // It looks like the command's own failure, there as here.
    return {
      stderr: `exec ${found.path}: argument list too long\n`,
      status: exitStatus(protocol, command, 1),
      exitCode: 1,
    };
  }
  return running.exec(command, streams);
};
