import { randomBytes } from 'node:crypto';
import { isV5, type Subprotocol } from './subprotocol.ts';

/** The texts of channel 3 at the end of an exec, to the byte (but for ids) as a real API server writes them. */

export const successStatus = (): string => '{"metadata":{},"status":"Success"}';

/** v4 repeats the argv in its message, v5 does not. */
export const exitStatus = (protocol: Subprotocol, argv: string[], exitCode: number): string => {
  const inner = isV5(protocol)
    ? `command terminated with exit code ${exitCode}`
    : `error executing command [${argv.join(' ')}], exit code ${exitCode}`;
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${inner}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  });
};

const internalError = (protocol: Subprotocol, problem: string): string => {
  const prefix = 'Internal error occurred: ';
  const cause = `${isV5(protocol) ? prefix : ''}error executing command in container: ${problem}`;
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: prefix + cause,
    reason: 'InternalError',
    details: { causes: [{ message: cause }] },
    code: 500,
  });
};

/** `problem` is runc's, such as 'permission denied'. */
export const notStartedStatus = (protocol: Subprotocol, file: string, problem: string): string =>
  internalError(
    protocol,
    `failed to exec in container: failed to start exec "${randomBytes(32).toString('hex')}": OCI runtime exec failed: exec failed: unable to start container process: exec: "${file}": ${problem}`,
  );

/** An empty argv, which runc refuses before it looks for a file. */
export const noArgvStatus = (protocol: Subprotocol): string =>
  internalError(
    protocol,
    `failed to exec in container: failed to start exec "${randomBytes(32).toString('hex')}": OCI runtime exec failed: exec failed: process args must not be empty`,
  );

/** In the second after pid 1 was killed. */
export const containerExitedStatus = (protocol: Subprotocol): string =>
  internalError(protocol, 'failed to exec in container: container is in CONTAINER_EXITED state');
