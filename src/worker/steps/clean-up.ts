import { posix } from 'node:path';
import type { Cluster } from '../../k8s/client.ts';
import { type ExecTarget, exec } from '../../k8s/exec.ts';
import { getPod } from '../../k8s/pods.ts';
import type { DumpContext } from '../dump-context.ts';
import { runTool, toolByStdin } from '../dump-tool.ts';

export interface CleanUpContext {
  readonly cluster: Cluster;
  readonly data: { readonly target: ExecTarget };
  readonly settings: { readonly toolPath: string; readonly foreignToolPath: string | undefined };
  readonly clusterConfig: { readonly subprotocol: 'v4' | 'v5' };
}

/** Longer than the pause of a large heap: a file unlinked in mid-dump would hold its room until the end. */
const WAIT_FOR_DUMP_SECONDS = 120;

/** Leaves the container as it was. @returns paths that could not be removed */
export async function cleanUp(context: DumpContext, signal: AbortSignal): Promise<string[]> {
  const { workDir, dump } = context.checkpoint;
  if (workDir === undefined) return [];
  const { namespace, pod } = context.data.target;
  // Nobody approved anything in a new pod of the same name, and nothing of ours is there.
  if ((await getPod(context.cluster, { namespace, pod }, signal)).uid !== context.data.podUid) return [];
  const left =
    dump === undefined || dump.file === posix.join(workDir, 'heap.hprof')
      ? []
      : await removeForeignDump(context, dump.file, signal);
  return [...left, ...(await removeWorkDir(context, workDir, signal))];
}

/** A tool of somebody else's puts its dump where it likes; that one file is removed, as it was the one that was sent. */
async function removeForeignDump(context: DumpContext, file: string, signal: AbortSignal): Promise<string[]> {
  const removed = await exec(context.cluster, context.data.target, {
    argv: ['rm', '-f', '--', file],
    signal,
    timeoutMs: 60_000,
    subprotocol: context.clusterConfig.subprotocol,
  });
  return removed.exitCode === 0 ? [] : [file];
}

/** What somebody else's tool is called in our directory; never like a file of our own. */
export const foreignToolName = (hostPath: string): string => `jmap-dump-tool.${posix.basename(hostPath)}`;

/** The tool comes by stdin: its copy in the directory may be what was lost, and is what gets removed. */
export async function removeWorkDir(
  context: CleanUpContext,
  workDir: string,
  signal: AbortSignal,
): Promise<string[]> {
  const left: string[] = [];
  const { toolPath, foreignToolPath } = context.settings;
  // `clean` removes what it knows by name; of a tool of somebody else's it has to be told.
  const names = foreignToolPath === undefined ? [] : [foreignToolName(foreignToolPath)];
  const argv = ['clean', '--dir', workDir, '--wait', String(WAIT_FOR_DUMP_SECONDS), ...names];
  await runTool(context.cluster, context.data.target, await toolByStdin(toolPath, argv), {
    signal,
    timeoutMs: (WAIT_FOR_DUMP_SECONDS + 60) * 1000,
    subprotocol: context.clusterConfig.subprotocol,
    tolerate: ['left-behind'],
    onLine: ({ word, values }) => {
      if ((word === 'left' || word === 'held') && values.path !== undefined)
        left.push(values.path.slice(0, 4096));
    },
  });
  return left.slice(0, 20);
}
