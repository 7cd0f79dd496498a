/** One accepted exec, as the cluster saw it. */
export interface RecordedExec {
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  user: string;
  protocol: string;
  /** Milliseconds of the clock given to startCluster. */
  startedAt: number;
  /** The command and all that held its output open have ended. */
  ended?: boolean;
  exitCode?: number;
  /** Payload that was handed to the connection, without channel bytes. */
  stdoutBytes: number;
  stderrBytes: number;
  stdinBytes: number;
  /** How the connection ended, as seen by the server; 1006 without a close frame. */
  closeCode?: number;
}
