import { exec } from '../../k8s/exec.ts';
import type { DumpContext } from '../dump-context.ts';
import { StepError } from '../step-error.ts';
import type { CopiedTool } from './copy-tool.ts';

/** `chmod +x`, and a look whether the file system lets it be executed. */
export async function makeExecutable(context: DumpContext, tool: CopiedTool): Promise<void> {
  const files = [tool.toolPath, ...(tool.foreignToolPath === undefined ? [] : [tool.foreignToolPath])];
  const result = await exec(context.cluster, context.data.target, {
    argv: ['chmod', '0755', ...files],
    signal: context.signal,
    timeoutMs: 30_000,
    subprotocol: context.clusterConfig.subprotocol,
  });
  if (result.exitCode !== 0) throw new StepError('cannot-copy', result.stderr.slice(-300));
}
