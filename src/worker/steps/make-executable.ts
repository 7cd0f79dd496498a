import { exec } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import { StepError } from '../step-error.ts';
import type { CopiedTool } from './copy-tool.ts';

/** `chmod +x`, and a look whether the file is still there if that fails. */
export async function makeExecutable(context: DumpContext, tool: CopiedTool): Promise<void> {
  const files = [tool.toolPath, ...(tool.foreignToolPath === undefined ? [] : [tool.foreignToolPath])];
  const run = (argv: readonly string[]) =>
    exec(context.cluster, context.data.target, {
      argv,
      signal: context.signal,
      timeoutMs: 30_000,
      subprotocol: context.clusterConfig.subprotocol,
    });
  const result = await run(['chmod', '0755', ...files]);
  if (result.exitCode === 0) return;
  const there = await run(['test', '-f', tool.toolPath]);
  if (there.exitCode !== 0) throw new StepError('tool-vanished', '', { retryable: true });
  throw new StepError('cannot-copy', result.stderr.slice(-300));
}
