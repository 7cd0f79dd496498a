/**
 * The dump in the pod, served piece by piece: one exec of the tool's `serve`, which answers one request a line. The
 * process outlives each answer, so that a connection that reports success too early loses nothing unseen, and what was
 * asked for ahead keeps the way full.
 */
import { type ExecSession, openExec } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import { toolError, toolStartError } from '../dump-tool.ts';
import { stepErrorOf } from '../failure-of.ts';
import { copyBytes } from '../pieces/copy-bytes.ts';
import { QuietWatch } from '../quiet-watch.ts';
import { StepError } from '../step-error.ts';
import { countOf, LineSplitter, parseToolLine, type ToolLine } from '../tool-lines.ts';

/** The tool's heartbeat comes each second while it works; a busy node may keep it waiting. */
const QUIET_MS = 20_000;
/** Once the answer is there, its bytes are on their way already; if they stop coming they were lost. */
const LOST_MS = 5_000;
const END_MS = 5_000;

/** What a request is answered with, and where the bytes go that come before the answer. */
export interface Ask {
  /** One line. A URL in it is a secret, and goes by stdin alone. */
  readonly line: string;
  readonly bytes?: {
    readonly into: Uint8Array;
    /** How many come; undefined if only the answer tells. */
    readonly count: number | undefined;
    readonly onCount: (count: number) => void;
  };
}

export interface PodFile {
  /** Of the file. */
  readonly sizeBytes: number;
  /** Answers come in the order of the questions. @throws StepError */
  ask(ask: Ask): Promise<ToolLine>;
  /** Lets the process end. Never throws. */
  close(): Promise<void>;
}

/** @throws StepError; 'exec-broken' is worth another try */
export async function openPodFile(
  context: DumpContext,
  source: { readonly toolPath: string; readonly file: string },
  signal: AbortSignal,
): Promise<PodFile> {
  const watch = new QuietWatch(QUIET_MS);
  const lost = new QuietWatch(LOST_MS);
  lost.end();
  const waiting: Waiting[] = [];
  let failed: unknown;
  let closing = false;
  const fail = (error: unknown): void => {
    failed ??= error;
    watch.end();
    lost.end();
    for (const each of waiting.splice(0)) each.reject(failed);
    opened.reject(failed);
    session?.abort();
  };
  const opened = new Settled<number>();
  const lines = new LineSplitter((text) => {
    const line = parseToolLine(text);
    if (line === undefined || line.word === 'jmap-dump-tool') return;
    if (waiting.length > 0) watch.touch();
    switch (line.word) {
      case 'alive':
      case 'done':
        return;
      case 'serving':
        opened.resolve(countOf(line, 'bytes') ?? 0);
        return;
      case 'failed':
        fail(toolError(line, ''));
        return;
      case 'refused': {
        const refused = waiting[0];
        // Some of what was asked for came, and nobody knows how much more: this connection is of no use now.
        if (refused === undefined || refused.filled > 0) {
          fail(toolError(line, ''));
          return;
        }
        waiting.shift();
        refused.reject(toolError(line, ''));
        settle();
        return;
      }
      default: {
        const next = waiting.find(({ answer }) => answer === undefined);
        if (next === undefined) return;
        next.answer = line;
        settle();
      }
    }
  });
  const settle = (): void => {
    for (let first = waiting[0]; first?.answer !== undefined; first = waiting[0]) {
      const { answer, ask, filled } = first;
      const due = ask.bytes === undefined ? 0 : (countOf(answer, 'size') ?? countOf(answer, 'bytes') ?? -1);
      // Lines and bytes travel apart: the rest of the bytes may still be on its way.
      if (filled < due) {
        lost.touch();
        return;
      }
      lost.end();
      if (filled > due) {
        fail(broken(`${filled} bytes came instead of ${due}`));
        return;
      }
      waiting.shift();
      first.resolve(answer);
    }
    if (waiting.length === 0) watch.end();
  };
  const take = (chunk: Buffer): void => {
    watch.touch();
    let at = 0;
    while (at < chunk.length) {
      const next = waiting.find(({ ask, filled }) => ask.bytes !== undefined && filled < roomOf(ask));
      if (next?.ask.bytes === undefined) {
        fail(new StepError('dump-invalid', 'more bytes came than were asked for'));
        return;
      }
      const { into, onCount } = next.ask.bytes;
      const taken = Math.min(chunk.length - at, roomOf(next.ask) - next.filled);
      copyBytes(into, chunk.subarray(at, at + taken), next.filled);
      next.filled += taken;
      at += taken;
      onCount(taken);
    }
    settle();
  };

  let session: ExecSession | undefined;
  session = await openExec(context.cluster, context.data.target, {
    argv: [source.toolPath, 'serve', '--file', source.file],
    keepStdinOpen: true,
    onStdout: take,
    onStderr: (chunk) => lines.push(chunk),
    signal: AbortSignal.any([signal, watch.signal, lost.signal]),
    subprotocol: context.clusterConfig.subprotocol,
    endOnAbort: true,
  }).catch((error: unknown) => {
    watch.end();
    throw error;
  });
  const ended = session.done.then(
    (result) => {
      lines.end();
      if (closing && waiting.length === 0) return;
      fail(
        result.signal === undefined && result.exitCode !== 0
          ? new StepError('tool-failed', `exit code ${result.exitCode} while the dump was served`)
          : new StepError('exec-broken', 'the dump tool ended while the dump was served', {
              retryable: true,
            }),
      );
    },
    (error: unknown) => {
      if (signal.aborted) fail(signal.reason);
      else if (watch.signal.aborted) fail(broken(`nothing was heard for ${QUIET_MS / 1000} s`, error));
      else if (lost.signal.aborted) fail(broken('the end of what was sent did not come', error));
      else fail(stepErrorOf(toolStartError(error)));
    },
  );
  const sizeBytes = await opened.promise;
  watch.end();
  let gate: Promise<void> = Promise.resolve();
  const request = (ask: Ask): Promise<ToolLine> =>
    new Promise((resolve, reject) => {
      if (failed !== undefined) {
        reject(failed);
        return;
      }
      waiting.push({ ask, filled: 0, answer: undefined, resolve, reject });
      watch.touch();
      session.write(`${ask.line}\n`).catch(fail);
    });

  return {
    sizeBytes,
    ask(ask) {
      const before = gate;
      const answered = before.then(() => request(ask));
      // Where only the answer tells how many bytes come, nobody can tell them from those of the next piece.
      if (ask.bytes !== undefined && ask.bytes.count === undefined)
        gate = answered.then(
          () => undefined,
          () => undefined,
        );
      return answered;
    },
    async close() {
      closing = true;
      watch.end();
      lost.end();
      if (failed === undefined) await session.write('end\n').catch(() => undefined);
      const timer = setTimeout(() => session.abort(), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

interface Waiting {
  readonly ask: Ask;
  filled: number;
  answer: ToolLine | undefined;
  resolve(answer: ToolLine): void;
  reject(error: unknown): void;
}

const broken = (detail: string, cause?: unknown): StepError =>
  new StepError('exec-broken', detail, { retryable: true, cause });

const roomOf = ({ bytes }: Ask): number => bytes?.count ?? bytes?.into.length ?? 0;

/** A promise that is settled from outside; nobody needs to look at its failure. */
class Settled<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
