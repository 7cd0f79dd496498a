import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { CopyError, copyToPod, writeFileToPod } from '../../k8s/copy-to-pod.ts';
import { exec } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint } from '../dump-job.ts';
import { stepErrorOf } from '../failure-of.ts';
import { StepError } from '../step-error.ts';
import { keptKey } from '../sweep.ts';
import type { CheckedContainer } from './check-jdk.ts';
import { foreignToolName, removeWorkDir } from './clean-up.ts';

/** Our directory's name: what clean-up and the sweeper recognise, and the tool refuses to remove anything else. */
export const WORK_DIR_PREFIX = '.heapdump-bot-';

export interface CopiedTool {
  readonly workDir: string;
  /** In the container. */
  readonly toolPath: string;
  readonly foreignToolPath: string | undefined;
  readonly words: readonly [string, string, string];
}

/** Makes our directory in the container and copies the dump tool into it. */
export async function copyTool(context: DumpContext, checked: CheckedContainer): Promise<CopiedTool> {
  const { data, settings, signal, cluster } = context;
  await removeStale(context, checked);
  let { workDir } = context.checkpoint;
  if (workDir === undefined) {
    if (checked.dir === undefined) throw new StepError('no-writable-dir', '');
    workDir = posix.join(checked.dir.path, `${WORK_DIR_PREFIX}${data.requestId}`);
    // Saved before it is made, so that a crash leaves nothing that nobody knows of.
    await context.save({ workDir });
  }
  if (dumpLiesIn(workDir, context.checkpoint)) await expectDir(context, workDir);
  await makeDir(context, workDir, checked.probe.uid === data.jvm.uid ? '0700' : '1777');
  const copied = {
    workDir,
    toolPath: posix.join(workDir, 'jmap-dump-tool'),
    foreignToolPath:
      settings.foreignToolPath === undefined
        ? undefined
        : posix.join(workDir, foreignToolName(settings.foreignToolPath)),
    words: checked.words,
  };
  for (const [from, to] of [
    [settings.toolPath, copied.toolPath],
    [settings.foreignToolPath, copied.foreignToolPath],
  ]) {
    if (from === undefined || to === undefined) continue;
    try {
      await copyToPod(
        cluster,
        data.target,
        { from, to, subprotocol: context.clusterConfig.subprotocol },
        signal,
      );
    } catch (error) {
      if (!(error instanceof CopyError) || error.code !== 'no-tar') throw error;
      context.log.info({ to }, 'container has no tar, writing the file plainly');
      await writeFileToPod(
        cluster,
        data.target,
        { content: await readFile(from), to, mode: 0o600, subprotocol: context.clusterConfig.subprotocol },
        signal,
      );
    }
  }
  return copied;
}

/** That of our tool does from the moment it begins; another tool's may. */
const dumpLiesIn = (workDir: string, { dump, dumpStarted }: Checkpoint): boolean =>
  dump === undefined ? dumpStarted === true : posix.dirname(dump.file) === workDir;

/** A new one in its place would get a second dump, and the application a second pause. */
async function expectDir(context: DumpContext, workDir: string): Promise<void> {
  const there = await exec(context.cluster, context.data.target, {
    argv: ['test', '-d', workDir],
    signal: context.signal,
    timeoutMs: 30_000,
    subprotocol: context.clusterConfig.subprotocol,
  });
  if (there.exitCode !== 0) throw new StepError('dump-vanished', `${workDir} is gone`);
}

async function makeDir(context: DumpContext, workDir: string, mode: string): Promise<void> {
  const made = await exec(context.cluster, context.data.target, {
    argv: [
      'sh',
      '-c',
      'mkdir -p -- "$1" && chmod "$2" "$1" && [ -d "$1" ] && [ ! -L "$1" ]',
      'sh',
      workDir,
      mode,
    ],
    signal: context.signal,
    timeoutMs: 30_000,
    subprotocol: context.clusterConfig.subprotocol,
  });
  if (made.exitCode !== 0) throw new StepError('no-writable-dir', `${workDir}: ${made.stderr.slice(-300)}`);
}

/** What a crash left of other requests. This workload's lease is ours, so nobody is at work on them. */
async function removeStale(context: DumpContext, { probe }: CheckedContainer): Promise<void> {
  for (const { path, alive } of probe.leftovers) {
    const id = posix.basename(path).slice(WORK_DIR_PREFIX.length);
    if (alive || id === context.data.requestId || !/^[a-z0-9]{8}$/.test(id)) continue;
    if ((await context.redis.exists(keptKey(id))) === 1) continue;
    const removed = await removeWorkDir(context, path, context.signal).then(
      () => true,
      (error: unknown) => {
        context.log.warn({ err: stepErrorOf(error), path }, 'stale directory could not be removed');
        return false;
      },
    );
    if (removed) context.log.info({ path }, 'removed what an earlier job had left');
  }
}
