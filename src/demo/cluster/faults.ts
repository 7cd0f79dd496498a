import type { RecordedExec } from './exec/exec-record.ts';

/** What can go wrong with one exec. Byte counts are of stdout. */
export type ExecFault =
  /** The connection breaks after that many bytes: close code 1006, no status. */
  | { kind: 'cut'; afterBytes: number }
  /** All output arrives, then the connection breaks: close code 1006, no status. */
  | { kind: 'cut-before-status' }
  /** After that many bytes nothing comes any more, not even pongs; the socket stays open. */
  | { kind: 'silence'; afterBytes: number }
  /** The last bytes of stdout are missing, and the status is that of the command. */
  | { kind: 'lose-tail'; bytes: number }
  /** 'Success' and close 1000 while the command goes on. */
  | { kind: 'early-success'; afterBytes: number }
  /** Answered before the upgrade, as by an overloaded API server or a proxy. */
  | { kind: 'refuse'; status: number; reason?: string; message?: string }
  /** The upgrade comes at once, the command is started later. */
  | { kind: 'slow-start'; delayMs: number }
  /** The exec's own process gets a signal. */
  | { kind: 'kill'; signal: NodeJS.Signals; afterBytes: number }
  /** Pid 1 of the container gets SIGKILL: ExitCode 137, and a restart. */
  | { kind: 'container-end'; afterBytes: number }
  /** When the client goes away, the output is no longer read: the command hangs in its next write. */
  | { kind: 'stuck-when-gone' };

/** An answer to a plain request (not an exec) that it does not deserve. */
export interface RequestFault {
  status: number;
  reason?: string;
  message?: string;
  retryAfterSeconds?: number;
}

export type ExecPredicate = (exec: RecordedExec) => boolean;
export type RequestPredicate = (request: { method: string; path: string; user: string }) => boolean;

/** Canned faults. Each is used once, by the first exec (or request) that its predicate lets through, in the order of adding. */
export interface ClusterFaults {
  /** Without a predicate: the very next exec. */
  nextExec(fault: ExecFault, when?: ExecPredicate): void;
  nextRequest(fault: RequestFault, when?: RequestPredicate): void;
  /** What was added and never used; a test asserts that it is empty. */
  unused(): (ExecFault | RequestFault)[];
  /** Forgets what was not used. */
  clear(): void;
  /**
   * The API server dies as by SIGKILL: connections break, new ones are refused. It is back on the same port after
   * `durationMs`, when the promise resolves. Pods and their commands live on.
   */
  apiServerDown(durationMs: number): Promise<void>;
}

/** For a predicate: a word of the command's argv contains the text. */
export const commandIncludes =
  (text: string): ExecPredicate =>
  (exec) =>
    exec.command.some((word) => word.includes(text));

export class FaultQueue implements ClusterFaults {
  #execs: { fault: ExecFault; when: ExecPredicate }[] = [];
  #requests: { fault: RequestFault; when: RequestPredicate }[] = [];
  readonly #down: (durationMs: number) => Promise<void>;

  constructor(apiServerDown: (durationMs: number) => Promise<void>) {
    this.#down = apiServerDown;
  }

  nextExec(fault: ExecFault, when: ExecPredicate = () => true): void {
    this.#execs.push({ fault, when });
  }

  nextRequest(fault: RequestFault, when: RequestPredicate = () => true): void {
    this.#requests.push({ fault, when });
  }

  takeForExec(exec: RecordedExec): ExecFault | undefined {
    const index = this.#execs.findIndex(({ when }) => when(exec));
    return index < 0 ? undefined : this.#execs.splice(index, 1)[0]?.fault;
  }

  takeForRequest(request: { method: string; path: string; user: string }): RequestFault | undefined {
    const index = this.#requests.findIndex(({ when }) => when(request));
    return index < 0 ? undefined : this.#requests.splice(index, 1)[0]?.fault;
  }

  unused(): (ExecFault | RequestFault)[] {
    return [...this.#execs, ...this.#requests].map(({ fault }) => fault);
  }

  clear(): void {
    this.#execs = [];
    this.#requests = [];
  }

  apiServerDown(durationMs: number): Promise<void> {
    return this.#down(durationMs);
  }
}
