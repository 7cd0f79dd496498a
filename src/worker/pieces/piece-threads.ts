/**
 * Threads that check, pack and hash the pieces of all transfers of a process, while the main thread moves bytes. The
 * pieces are not copied between threads: they lie in shared memory, which is the thread's until its promise settles.
 */
import { HprofError } from '../hprof-walk.ts';
import type { Recorder } from './in-order.ts';
import type { PieceTask, Treated } from './piece-task.ts';
import type { ThreadAnswer, ThreadRequest } from './piece-thread.ts';
import { type Seat, ThreadError, ThreadPool, type ThreadProgram } from './thread-pool.ts';

export interface PieceThreads {
  /** How many threads there may be. */
  readonly size: number;
  /** Tasks that no thread has taken yet. */
  readonly waiting: number;
  /**
   * The task's buffers may be used again when this has settled, not before: an abort while a thread is at work is
   * heard when it is done, well under a second later.
   * @throws ThreadError; the signal's reason
   */
  treat(task: PieceTask, signal: AbortSignal): Promise<Treated>;
  /** For one file: from its first piece on, one of the threads keeps what is known of it. */
  openRecorder(): Recorder;
  /** Refuses what waits, lets what is being done be done, and ends the threads. */
  close(): Promise<void>;
}

export interface PieceThreadsOptions {
  readonly threads: number;
  /** Another program for the threads than the neighbouring one. */
  readonly program?: ThreadProgram | undefined;
}

/** The threads start when there is work for them. */
export function createPieceThreads(options: PieceThreadsOptions): PieceThreads {
  const pool = new ThreadPool<ThreadRequest, ThreadAnswer>(
    options.threads,
    options.program ?? defaultProgram(),
  );
  let lastRecord = 0;
  return {
    size: pool.size,
    get waiting() {
      return pool.waiting;
    },
    async treat(task, signal) {
      const answer = await pool.ask({ treat: task }, { signal });
      signal.throwIfAborted();
      if (!('treated' in answer)) throw errorOf(answer);
      const { md5, ...treated } = answer.treated;
      return { ...treated, md5: Buffer.from(md5.buffer, md5.byteOffset, md5.length) };
    },
    openRecorder() {
      lastRecord += 1;
      const record = lastRecord;
      let seat: Seat | undefined;
      const ask = (request: ThreadRequest): Promise<ThreadAnswer> => {
        seat ??= pool.takeSeat();
        return pool.ask(request, { seat });
      };
      return {
        async take(raw, stored) {
          const answer = await ask({ record, take: { raw, stored } });
          if (!('taken' in answer)) throw errorOf(answer);
        },
        async end() {
          const answer = await ask({ record, end: true });
          if (!('recorded' in answer)) throw errorOf(answer);
          return answer.recorded;
        },
        close() {
          if (seat !== undefined) pool.leaveSeat(seat, { record, forget: true });
        },
      };
    },
    close: () => pool.close(),
  };
}

function errorOf(answer: ThreadAnswer): Error {
  if ('notHprof' in answer) return new HprofError(answer.notHprof.reason, answer.notHprof.offset);
  const cause = 'failed' in answer ? answer.failed : undefined;
  return new ThreadError('not-treated', 'A piece could not be treated', cause);
}

/** The neighbouring file, built or as it was written. */
function defaultProgram(): ThreadProgram {
  if (!import.meta.url.endsWith('.ts'))
    return { url: new URL('./piece-thread.js', import.meta.url), options: {} };
  // Node 20 does not pass the main thread's loaders on, and `--import tsx` by itself serves no thread there.
  const register = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();`;
  const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
  return { url: new URL('./piece-thread.ts', import.meta.url), options: { execArgv } };
}
