/**
 * Threads that check, pack and hash the pieces of all transfers of a process, while the main thread moves bytes. The
 * pieces are not copied between threads: they lie in shared memory, which is the thread's until its promise settles.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { PieceTask, Treated } from './piece-task.ts';
import type { ThreadAnswer } from './piece-thread.ts';

export interface PieceThreads {
  /** How many threads there may be. */
  readonly size: number;
  /** Tasks that no thread has taken yet. */
  readonly waiting: number;
  /**
   * The task's buffers may be used again when this has settled, not before: an abort while a thread is at work is
   * heard when it is done, well under a second later.
   * @throws PieceThreadError; the signal's reason
   */
  treat(task: PieceTask, signal: AbortSignal): Promise<Treated>;
  /** Refuses what waits, lets what is being done be done, and ends the threads. */
  close(): Promise<void>;
}

export type PieceThreadErrorCode =
  | 'thread-died' // out of memory, or a bug; another piece gets a new thread
  | 'not-treated' // the task asked for what cannot be done
  | 'closed';

export class PieceThreadError extends Error {
  override readonly name = 'PieceThreadError';
  readonly code: PieceThreadErrorCode;

  constructor(code: PieceThreadErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface ThreadProgram {
  readonly url: URL;
  readonly options: WorkerOptions;
}

export interface PieceThreadsOptions {
  readonly threads: number;
  /** Another program for the threads than the neighbouring one. */
  readonly program?: ThreadProgram | undefined;
}

interface Job {
  readonly task: PieceTask;
  readonly signal: AbortSignal;
  readonly resolve: (treated: Treated) => void;
  readonly reject: (error: unknown) => void;
}

/** Of JavaScript's own memory. Next to nothing of it is needed: pieces and what they are packed into lie outside. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

/** The threads start when there is work for them. */
export function createPieceThreads(options: PieceThreadsOptions): PieceThreads {
  return new ThreadPool(options.threads, options.program ?? defaultProgram());
}

class ThreadPool implements PieceThreads {
  readonly size: number;
  readonly #program: ThreadProgram;
  readonly #queue: Job[] = [];
  /** What each living thread is at. */
  readonly #threads = new Map<Worker, Job | undefined>();
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(size: number, program: ThreadProgram) {
    if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`Not a number of threads: ${size}`);
    this.size = size;
    this.#program = program;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  async treat(task: PieceTask, signal: AbortSignal): Promise<Treated> {
    signal.throwIfAborted();
    if (this.#closed !== undefined) throw closedError();
    let withdraw = (): void => undefined;
    try {
      return await new Promise<Treated>((resolve, reject) => {
        const job = { task, signal, resolve, reject };
        withdraw = () => {
          const at = this.#queue.indexOf(job);
          if (at === -1) return;
          this.#queue.splice(at, 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', withdraw, { once: true });
        this.#queue.push(job);
        this.#assign();
      });
    } finally {
      signal.removeEventListener('abort', withdraw);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const { reject } of this.#queue.splice(0)) reject(closedError());
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#tellIdle();
    });
    await Promise.all([...this.#threads.keys()].map((thread) => thread.terminate()));
  }

  #assign(): void {
    while (this.#queue.length > 0 && this.#hasRoom()) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      try {
        const thread = this.#idleThread() ?? this.#start();
        thread.postMessage(job.task);
        thread.ref();
        this.#threads.set(thread, job);
      } catch (cause) {
        job.reject(new PieceThreadError('not-treated', 'A piece could not be given to a thread', cause));
      }
    }
  }

  #hasRoom(): boolean {
    return this.#threads.size < this.size || this.#idleThread() !== undefined;
  }

  #idleThread(): Worker | undefined {
    for (const [thread, job] of this.#threads) if (job === undefined) return thread;
    return undefined;
  }

  #start(): Worker {
    const thread = new Worker(this.#program.url, { resourceLimits: HEAP_LIMITS, ...this.#program.options });
    let cause: unknown;
    thread.on('message', (answer: ThreadAnswer) => {
      const job = this.#threads.get(thread);
      this.#threads.set(thread, undefined);
      // An idle thread does not keep the process alive.
      thread.unref();
      if (job !== undefined) settle(job, answer);
      this.#assign();
      this.#tellIdle();
    });
    thread.on('error', (error) => {
      cause = error;
    });
    thread.on('exit', (code) => {
      const job = this.#threads.get(thread);
      this.#threads.delete(thread);
      job?.reject(
        new PieceThreadError('thread-died', `A piece's thread ended with exit code ${code}`, cause),
      );
      this.#assign();
      this.#tellIdle();
    });
    this.#threads.set(thread, undefined);
    return thread;
  }

  #tellIdle(): void {
    if ([...this.#threads.values()].every((job) => job === undefined)) this.#onIdle?.();
  }
}

function settle({ signal, resolve, reject }: Job, answer: ThreadAnswer): void {
  if (signal.aborted) reject(signal.reason);
  else if ('failed' in answer)
    reject(new PieceThreadError('not-treated', 'A piece could not be treated', answer.failed));
  else resolve({ ...answer, md5: Buffer.from(answer.md5.buffer, answer.md5.byteOffset, answer.md5.length) });
}

const closedError = (): PieceThreadError =>
  new PieceThreadError('closed', 'No more pieces are taken: the threads are closed');

/** The neighbouring file, built or as it was written. */
function defaultProgram(): ThreadProgram {
  if (!import.meta.url.endsWith('.ts'))
    return { url: new URL('./piece-thread.js', import.meta.url), options: {} };
  // Node 20 does not pass the main thread's loaders on, and `--import tsx` by itself serves no thread there.
  const register = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();`;
  const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
  return { url: new URL('./piece-thread.ts', import.meta.url), options: { execArgv } };
}
