/** Runs the dump tool in a container and reads its lines. The header of tools/jmap-dump-tool is the contract. */
import { readFile } from 'node:fs/promises';
import type { Cluster } from '../k8s/client.ts';
import {
  ExecError,
  type ExecOptions,
  type ExecResult,
  type ExecSession,
  type ExecTarget,
  openExec,
  type Subprotocol,
} from '../k8s/exec.ts';
import { redactText } from '../redact.ts';
import { FAILURE_CODES, type FailureCode } from './dump-job.ts';
import { QuietWatch } from './quiet-watch.ts';
import { StepError } from './step-error.ts';
import { LineSplitter, parseToolLine, TOOL_PROTOCOL, type ToolLine } from './tool-lines.ts';

export interface ToolCommand {
  readonly argv: readonly string[];
  /** The tool itself, where it is not in the container: nothing is written there. */
  readonly stdin?: Buffer;
}

export interface ToolRunOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly subprotocol: Subprotocol;
  readonly onLine?: (line: ToolLine) => void;
  /** The command was told to stay until we have its last line: 'Success' alone proves nothing. */
  readonly acknowledge?: boolean;
  /** The command prints at least a line a second: without any for a while it counts as lost. */
  readonly heartbeat?: boolean;
  /** Failures of the tool that are no failures to the caller. */
  readonly tolerate?: readonly string[];
}

/** Codes of the tool that people know by another name. */
const OTHER_NAMES: Readonly<Record<string, FailureCode>> = { 'no-checksum': 'no-checksum-tool' };
const MOST_LINES = 10_000;
/** The tool's heartbeat comes each second; a busy node may keep it waiting. */
const QUIET_MS = 20_000;

/** The tool with these words, sent by stdin: for looks and for cleaning up, where no file of ours may be needed. */
export async function toolByStdin(toolPath: string, words: readonly string[]): Promise<ToolCommand> {
  return { argv: ['sh', '-s', '--', ...words], stdin: await readFile(toolPath) };
}

/**
 * @returns the lines before `done`
 * @throws StepError with the tool's own code; 'exec-broken' (retryable) if its last line did not come
 */
export async function runTool(
  cluster: Cluster,
  target: ExecTarget,
  command: ToolCommand,
  options: ToolRunOptions,
): Promise<ToolLine[]> {
  const lines: ToolLine[] = [];
  let session: ExecSession | undefined;
  let first: string | undefined;
  const splitter = new LineSplitter((text) => {
    first ??= text.trimEnd();
    const line = parseToolLine(text);
    if (line === undefined || lines.length >= MOST_LINES) return;
    // Heartbeats show that the command lives; there may be thousands of them.
    if (line.word !== 'alive') lines.push(line);
    options.onLine?.(line);
    if ((line.word === 'done' || line.word === 'failed') && options.acknowledge)
      void session?.write('ok\n').catch(() => undefined);
  });
  const result = await run(cluster, target, command, options, {
    onStdout(chunk, running) {
      session = running;
      splitter.push(chunk);
    },
  });
  splitter.end();
  if (first !== undefined && first !== TOOL_PROTOCOL) {
    throw new StepError('tool-failed', `it speaks "${first.slice(0, 60)}", not "${TOOL_PROTOCOL}"`);
  }
  const failed = lines.find(({ word }) => word === 'failed');
  if (failed !== undefined && !options.tolerate?.includes(failed.values.code ?? ''))
    throw toolError(failed, result.stderr);
  if (failed === undefined && lines.at(-1)?.word !== 'done') {
    if (result.exitCode === 0 || result.signal !== undefined) {
      throw new StepError('exec-broken', 'the last line of the dump tool did not come', { retryable: true });
    }
    throw new StepError('tool-failed', `exit code ${result.exitCode}: ${tail(result.stderr)}`);
  }
  return lines;
}

/**
 * A tool of somebody else's, called with three words. Exit code 0 and one line `dumped file=/path bytes=N` is what it
 * owes; the rest of its output is its own.
 */
export async function runForeignTool(
  cluster: Cluster,
  target: ExecTarget,
  argv: readonly string[],
  options: ToolRunOptions,
): Promise<ToolLine[]> {
  const lines: ToolLine[] = [];
  const splitter = new LineSplitter((text) => {
    const line = parseToolLine(text);
    if (line !== undefined && lines.length < MOST_LINES) lines.push(line);
  });
  const result = await run(cluster, target, { argv }, options, { onStdout: (chunk) => splitter.push(chunk) });
  splitter.end();
  if (result.exitCode !== 0)
    throw new StepError('tool-failed', `exit code ${result.exitCode}: ${tail(result.stderr)}`);
  return lines;
}

/** @throws ExecError; StepError 'exec-broken' if a command that has a heartbeat lost it */
async function run(
  cluster: Cluster,
  target: ExecTarget,
  command: ToolCommand,
  options: ToolRunOptions,
  sinks: Pick<ExecOptions, 'onStdout' | 'onStderr'>,
): Promise<ExecResult> {
  const watch = options.heartbeat ? new QuietWatch(QUIET_MS) : undefined;
  try {
    const session = await openExec(cluster, target, {
      argv: command.argv,
      ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
      keepStdinOpen: options.acknowledge ?? false,
      onStdout: (chunk, running) => {
        const taken = sinks.onStdout?.(chunk, running);
        return watch === undefined ? taken : watch.during(taken);
      },
      onStderr: (chunk) => {
        watch?.touch();
        sinks.onStderr?.(chunk);
      },
      signal: watch === undefined ? options.signal : AbortSignal.any([options.signal, watch.signal]),
      timeoutMs: options.timeoutMs,
      subprotocol: options.subprotocol,
      endOnAbort: true,
    });
    return await session.done;
  } catch (cause) {
    if (!watch?.signal.aborted || options.signal.aborted)
      throw command.stdin === undefined ? toolStartError(cause) : cause;
    throw new StepError('exec-broken', `nothing was heard for ${QUIET_MS / 1000} s`, {
      retryable: true,
      cause,
    });
  } finally {
    watch?.end();
  }
}

/**
 * The tool did not start, by its path in our directory: `sh` was there before, so it is the file that is not, or the
 * file system that forbids it. Another attempt copies it again.
 */
export function toolStartError(error: unknown): unknown {
  if (!(error instanceof ExecError) || error.code !== 'cannot-start') return error;
  return error.reason === 'no-such-file'
    ? new StepError('tool-vanished', '', { retryable: true, cause: error })
    : new StepError('cannot-copy', error.message, { cause: error });
}

/** What the tool's `failed code=…` means; `stderr` may say more. */
export function toolError(failed: ToolLine, stderr: string): StepError {
  const { code = '', ...facts } = failed.values;
  const known = OTHER_NAMES[code] ?? FAILURE_CODES.find((each) => each === code);
  const text = Object.entries(facts).map(([key, value]) => `${key} ${value}`);
  const detail = [...text, tail(stderr)].filter((part) => part !== '').join(', ');
  // Another dump by this same request is at work: the next attempt waits for it and adopts its file.
  if (code === 'busy') return new StepError('exec-broken', detail, { retryable: true });
  return new StepError(known ?? 'tool-failed', known === undefined ? `${code}: ${detail}` : detail);
}

const tail = (stderr: string): string => redactText(stderr.trim().slice(-400));
