import { posix } from 'node:path';
import { ExecError } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint } from '../dump-job.ts';
import { runForeignTool, runTool, type ToolRunOptions } from '../dump-tool.ts';
import { StepError } from '../step-error.ts';
import { countOf, type ToolLine } from '../tool-lines.ts';
import type { CopiedTool } from './copy-tool.ts';

export type Dump = NonNullable<Checkpoint['dump']>;

/**
 * Has the JVM write its heap, once. A new attempt finds the old dump at work or finished, waits for it and adopts it:
 * the file's name is fixed, and the JVM itself refuses to write it a second time.
 */
export async function runDump(context: DumpContext, tool: CopiedTool): Promise<Dump> {
  const { settings, checkpoint } = context;
  if (checkpoint.dump !== undefined) return checkpoint.dump;
  const begunBefore = checkpoint.dumpStarted ?? false;
  // Ours adopts the dump that an earlier attempt began. Of another nobody knows, and it could pause once more.
  if (begunBefore && tool.foreignToolPath !== undefined)
    throw new StepError(
      'tool-failed',
      'an earlier attempt was cut off while it ran; it is not run a second time',
    );
  await context.save({ dumpStarted: true });
  const began = context.now();
  const options = {
    signal: context.signal,
    timeoutMs: settings.dumpTimeout,
    subprotocol: context.clusterConfig.subprotocol,
    acknowledge: true,
    heartbeat: tool.foreignToolPath === undefined,
    onLine: (line: ToolLine) => {
      const written = line.word === 'alive' ? countOf(line, 'bytes') : undefined;
      if (written !== undefined) context.report({ dumpedBytes: written });
    },
  };
  const lines = await haveDumped(context, tool, options).catch(async (error: unknown) => {
    if (neverRan(error)) await context.save({ dumpStarted: begunBefore });
    throw error;
  });
  const dumped = lines.find(({ word }) => word === 'dumped');
  const file = dumped?.values.file;
  const sizeBytes = countOf(dumped, 'bytes');
  if (file === undefined || !posix.isAbsolute(file) || sizeBytes === undefined || sizeBytes === 0) {
    throw new StepError('tool-failed', "the tool did not print 'dumped file=… bytes=…'");
  }
  if (tool.foreignToolPath === undefined && posix.dirname(file) !== tool.workDir) {
    throw new StepError('tool-failed', `the dump is said to be ${file}, outside of our directory`);
  }
  const adopted = dumped?.values.adopted === 'yes';
  // Whoever adopts a dump has only waited for it: how long the application stood still nobody measured.
  const dump: Dump = {
    file,
    sizeBytes,
    adopted,
    ...(adopted ? {} : { pauseMs: countOf(dumped, 'ms') ?? Math.max(0, context.now() - began) }),
  };
  await context.save({ dump });
  return dump;
}

/** The cluster said so itself: the application was not touched. */
const neverRan = (error: unknown): boolean =>
  error instanceof StepError && error.cause instanceof ExecError && error.cause.code === 'cannot-start';

const haveDumped = (
  { cluster, data, settings }: DumpContext,
  { toolPath, foreignToolPath, workDir, words }: CopiedTool,
  options: ToolRunOptions,
): Promise<ToolLine[]> =>
  foreignToolPath === undefined
    ? runTool(
        cluster,
        data.target,
        {
          argv: [
            toolPath,
            'dump',
            '--pid',
            String(data.jvm.pid),
            '--start',
            String(data.jvm.startTime),
            '--dir',
            workDir,
            '--max-wait',
            String(Math.floor(settings.dumpTimeout / 1000)),
            '--ack',
            ...words,
          ],
        },
        options,
      )
    : runForeignTool(cluster, data.target, [foreignToolPath, ...words], options);
