/** Threads that run one program: each takes one request at a time, and answers it. */
import { Worker, type WorkerOptions } from 'node:worker_threads';

export type ThreadErrorCode =
  | 'thread-died' // out of memory, or a bug; other requests get a new thread
  | 'not-treated' // what was asked for cannot be done
  | 'closed';

export class ThreadError extends Error {
  override readonly name = 'ThreadError';
  readonly code: ThreadErrorCode;

  constructor(code: ThreadErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface ThreadProgram {
  readonly url: URL;
  readonly options: WorkerOptions;
}

/** Requests that have to meet in one thread, where something of theirs is kept. */
export interface Seat {
  readonly thread: Worker;
}

interface Job<Request, Answer> {
  readonly request: Request;
  readonly seat: Seat | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Of JavaScript's own memory. Next to nothing of it is needed: pieces and what they are packed into lie outside. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

/** The threads start when there is work for them, and keep no process alive when there is none. */
export class ThreadPool<Request, Answer> {
  /** How many threads there may be. */
  readonly size: number;
  readonly #program: ThreadProgram;
  readonly #queue: Job<Request, Answer>[] = [];
  /** What each living thread is at. */
  readonly #threads = new Map<Worker, Job<Request, Answer> | undefined>();
  readonly #seats = new Set<Seat>();
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(size: number, program: ThreadProgram) {
    if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`Not a number of threads: ${size}`);
    this.size = size;
    this.#program = program;
  }

  /** Requests that no thread has taken yet. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * @param signal takes back what no thread has taken yet; what one has is answered to the end
   * @throws ThreadError; the signal's reason
   */
  async ask(
    request: Request,
    where: { readonly seat?: Seat; readonly signal?: AbortSignal },
  ): Promise<Answer> {
    const { seat, signal } = where;
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw closedError();
    if (seat !== undefined && !this.#threads.has(seat.thread))
      throw new ThreadError('thread-died', 'The thread that knew what came before has ended');
    let withdraw = (): void => undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const job = { request, seat, resolve, reject };
        withdraw = () => {
          const at = this.#queue.indexOf(job);
          if (at === -1) return;
          this.#queue.splice(at, 1);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', withdraw, { once: true });
        this.#queue.push(job);
        this.#assign();
      });
    } finally {
      signal?.removeEventListener('abort', withdraw);
    }
  }

  /** In the thread with the fewest. @throws ThreadError 'closed' */
  takeSeat(): Seat {
    if (this.#closed !== undefined) throw closedError();
    const seatsIn = (thread: Worker): number =>
      [...this.#seats].filter((each) => each.thread === thread).length;
    const [emptiest] = [...this.#threads.keys()].sort((a, b) => seatsIn(a) - seatsIn(b));
    const isNew = emptiest === undefined || (seatsIn(emptiest) > 0 && this.#threads.size < this.size);
    const seat = { thread: isNew ? this.#start() : emptiest };
    this.#seats.add(seat);
    return seat;
  }

  /** @param farewell what the thread is told, after all that it was asked; it gives no answer */
  leaveSeat(seat: Seat, farewell: Request): void {
    if (this.#seats.delete(seat) && this.#threads.has(seat.thread)) seat.thread.postMessage(farewell);
  }

  /** Refuses what waits, lets what is being done be done, and ends the threads. */
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
    for (const [thread, job] of this.#threads) if (job === undefined) this.#give(thread);
    while (this.#threads.size < this.size && this.#queue.some(({ seat }) => seat === undefined))
      this.#give(this.#start());
  }

  /** What others wait for in order goes first. */
  #give(thread: Worker): void {
    const seated = this.#queue.findIndex(({ seat }) => seat?.thread === thread);
    const at = seated === -1 ? this.#queue.findIndex(({ seat }) => seat === undefined) : seated;
    const [job] = at === -1 ? [] : this.#queue.splice(at, 1);
    if (job === undefined) return;
    try {
      thread.postMessage(job.request);
      thread.ref();
      this.#threads.set(thread, job);
    } catch (cause) {
      job.reject(new ThreadError('not-treated', 'A piece could not be given to a thread', cause));
      this.#give(thread);
    }
  }

  #start(): Worker {
    const thread = new Worker(this.#program.url, { resourceLimits: HEAP_LIMITS, ...this.#program.options });
    let cause: unknown;
    thread.on('message', (answer: Answer) => {
      const job = this.#threads.get(thread);
      this.#threads.set(thread, undefined);
      thread.unref();
      job?.resolve(answer);
      this.#assign();
      this.#tellIdle();
    });
    thread.on('error', (error) => {
      cause = error;
    });
    thread.on('exit', (code) => this.#onExit(thread, code, cause));
    this.#threads.set(thread, undefined);
    return thread;
  }

  #onExit(thread: Worker, code: number, cause: unknown): void {
    const job = this.#threads.get(thread);
    this.#threads.delete(thread);
    const seated = this.#queue.filter(({ seat }) => seat?.thread === thread);
    for (const each of seated) this.#queue.splice(this.#queue.indexOf(each), 1);
    for (const each of [job, ...seated])
      each?.reject(new ThreadError('thread-died', `A piece's thread ended with exit code ${code}`, cause));
    this.#assign();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if ([...this.#threads.values()].every((job) => job === undefined)) this.#onIdle?.();
  }
}

const closedError = (): ThreadError =>
  new ThreadError('closed', 'No more pieces are taken: the threads are closed');
