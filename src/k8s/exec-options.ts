/** What an exec is asked for, and what it answers. */
import type { Subprotocol } from './exec-socket.ts';

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface ExecOptions {
  /** Program and arguments, 100 KB in all. It lands in the API server's audit log: no secrets. */
  readonly argv: readonly string[];
  /** Sent as fast as it is taken. Over v5 stdin ends with it (unless `keepStdinOpen`), over v4 it stays open. */
  readonly stdin?: AsyncIterable<Uint8Array> | Uint8Array | string | undefined;
  /** The command sees exactly this many bytes of stdin and then its end, on v4 too. Needs sh and head. */
  readonly stdinSizeBytes?: number | undefined;
  /** For `session.write`: the command gets a stdin, and nothing ends it. */
  readonly keepStdinOpen?: boolean | undefined;
  /**
   * Takes stdout instead of the result. While its promise is pending the connection is paused. The chunk's memory is used
   * again afterwards: what is to be kept has to be copied.
   */
  readonly onStdout?: ((chunk: Buffer, session: ExecSession) => void | Promise<void>) | undefined;
  /** Most that is collected for the result; more is 'too-much-output'. Default 1 MiB. */
  readonly stdoutLimitBytes?: number | undefined;
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
  /** The result keeps this much of stderr's end. Default 64 KiB. */
  readonly stderrLimitBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** From the call to the exit code. Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Without a frame or a pong for so long, the connection counts as dead. Default 20 s. */
  readonly silenceMs?: number | undefined;
  /** Until the server has accepted the exec. Default 20 s. */
  readonly startTimeoutMs?: number | undefined;
  readonly subprotocol?: Subprotocol | undefined;
  /** Whatever ends this exec early ends the command in the pod too: TERM, then KILL. Needs sh in the container. */
  readonly endOnAbort?: boolean | undefined;
  /** Between TERM and KILL. Default 5 s. */
  readonly endGraceMs?: number | undefined;
}

export interface ExecResult {
  readonly exitCode: number;
  /** Present if the exit code is over 128. After 137 look at the pod: the container may have ended. */
  readonly signal: number | undefined;
  /** Undefined if `onStdout` took it. */
  readonly stdout: Buffer | undefined;
  /** Its last `stderrLimitBytes`. */
  readonly stderr: string;
  readonly stdoutBytes: number;
  readonly protocol: Subprotocol;
}

export interface ExecSession {
  /**
   * Sends to the command's stdin, e.g. the acknowledgement that it waits for. Resolves when it was handed to the network;
   * after the command's end it does nothing.
   */
  write(bytes: Uint8Array | string): Promise<void>;
  /** The command has ended, or we gave up: nothing that is written any more will be read. */
  readonly ended: boolean;
  /** Ends it early; `done` rejects with 'aborted'. */
  abort(cause?: unknown): void;
  /** @throws ExecError, once all that was started is over, including the ending of the command */
  readonly done: Promise<ExecResult>;
}
