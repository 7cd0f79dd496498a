/** What the bot would ask the worker before anybody is asked: the pod, its JVM, and where its dump would go. */
import { fileURLToPath } from 'node:url';
import { newRequestId } from '../../src/bot/request-id.ts';
import { CONTRACT_VERSION, type DumpData, type TransferTerms } from '../../src/worker/dump-job.ts';
import { processPreflight } from '../../src/worker/process-preflight.ts';
import type { Lab, Setting, Subject } from '../lab.ts';

export const toolPath = fileURLToPath(new URL('../../tools/jmap-dump-tool', import.meta.url));

export interface Looked {
  readonly data: DumpData;
  /** Where the container has room for a dump. */
  readonly dumpDir: string;
}

/** @returns an approved job, as good as queued @throws Error with what is against the dump */
export async function lookAt(
  lab: Lab,
  setting: Setting,
  { namespace, pod, container }: Subject,
  transfer: TransferTerms,
): Promise<Looked> {
  const requestId = newRequestId();
  const target = {
    cluster: setting.clusterConfig.name,
    namespace,
    pod,
    ...(container === undefined ? {} : { container }),
  };
  const answer = await processPreflight({
    data: { version: CONTRACT_VERSION, kind: 'preflight', requestId, target, noDisk: 'never' },
    cluster: lab.cluster,
    clusterConfig: setting.clusterConfig,
    toolPath,
    signal: lab.signal,
    log: lab.log,
  });
  if (answer.outcome !== 'ready')
    throw new Error(`${namespace}/${pod} cannot be dumped: ${JSON.stringify(answer)}`);
  const { preflight } = answer;
  return {
    dumpDir: preflight.dumpDir,
    data: {
      version: CONTRACT_VERSION,
      kind: 'dump',
      requestId,
      target: { ...target, container: preflight.container },
      podUid: preflight.podUid,
      // Several pods of one workload are never dumped at once; here they are to be.
      workload: `${preflight.workload}-${requestId}`.slice(-253),
      jvm: preflight.jvm,
      objectPrefix: preflight.objectPrefix,
      transfer,
      requestedBy: 'bench',
      approvedBy: ['bench'],
      checkpoint: { stepMs: {} },
    },
  };
}
