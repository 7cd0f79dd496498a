import { posix } from 'node:path';
import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint } from '../dump-job.ts';
import { runForeignTool, runTool } from '../dump-tool.ts';
import { StepError } from '../step-error.ts';
import { countOf, type ToolLine } from '../tool-lines.ts';
import type { CopiedTool } from './copy-tool.ts';

export type Dump = NonNullable<Checkpoint['dump']>;

/**
 * Has the JVM write its heap, once. A new attempt finds the old dump at work or finished, waits for it and adopts it:
 * the file's name is fixed, and the JVM itself refuses to write it a second time.
 */
export async function runDump(context: DumpContext, tool: CopiedTool): Promise<Dump> {
  const { data, settings, checkpoint } = context;
  if (checkpoint.dump !== undefined) return checkpoint.dump;
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
  const [project, app, env] = tool.words;
  const lines =
    tool.foreignToolPath === undefined
      ? await runTool(
          context.cluster,
          data.target,
          {
            argv: [
              tool.toolPath,
              'dump',
              '--pid',
              String(data.jvm.pid),
              '--start',
              String(data.jvm.startTime),
              '--dir',
              tool.workDir,
              '--max-wait',
              String(Math.floor(settings.dumpTimeout / 1000)),
              '--ack',
              project,
              app,
              env,
            ],
          },
          options,
        )
      : await runForeignTool(
          context.cluster,
          data.target,
          [tool.foreignToolPath, project, app, env],
          options,
        );
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
    ...(adopted ? {} : { pauseMs: countOf(dumped, 'ms') ?? context.now() - began }),
  };
  await context.save({ dump });
  return dump;
}
