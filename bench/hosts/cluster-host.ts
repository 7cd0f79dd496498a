/** The stand-in cluster in a process of its own. */
import { fileURLToPath } from 'node:url';
import { type DemoCluster, type RecordedExec, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { compileJava } from '../../src/demo/java/compile.ts';
import type { Tools } from '../../src/demo/set-up/debian-tools.ts';
import { addLeak } from '../../src/demo/stand-ins.ts';
import { serveCalls } from './serve-calls.ts';

const NAMESPACE = 'prod';
/** Connections over which the dump tool hands out pieces of a dump. */
const serves = ({ command }: RecordedExec): boolean => command.includes('serve');

let started: { cluster: DemoCluster; tools: Tools; classes: string } | undefined;
const running = () => {
  if (started === undefined) throw new Error('The cluster is not started');
  return started;
};

const calls = {
  /** @returns a kubeconfig's text */
  async start({ workDir, cacheDir, tools }: { workDir: string; cacheDir: string; tools: Tools }) {
    const classes = await compileJava({
      tools,
      sources: [fileURLToPath(new URL('../../src/demo/java/Leak.java', import.meta.url))],
      outDir: cacheDir,
    });
    const cluster = await startCluster({ workDir });
    started = { cluster, tools, classes };
    return cluster.kubeconfig('worker');
  },
  /** Resolves when its service has leaked that much. */
  async addPod({ name, heapMb }: { name: string; heapMb: number }) {
    const { cluster, tools, classes } = running();
    await addLeak(cluster, tools, classes, { namespace: NAMESPACE, name, heapMb });
    return { namespace: NAMESPACE, pod: name };
  },
  async removePod({ name }: { name: string }) {
    await running().cluster.pod(NAMESPACE, name)?.delete({ graceSeconds: 0 });
  },
  /** Bytes of dumps that were handed to connections, in all. */
  servedBytes(_: null) {
    return running()
      .cluster.execs.filter(serves)
      .reduce((sum, { stdoutBytes }) => sum + stdoutBytes, 0);
  },
  /** The next connection for a dump breaks after so many bytes. */
  cutAfter({ bytes }: { bytes: number }) {
    running().cluster.faults.nextExec({ kind: 'cut', afterBytes: bytes }, serves);
  },
  unusedFaults(_: null) {
    return running().cluster.faults.unused().length;
  },
  /** Seconds of CPU of the API server and what stands for the kubelet; the pods' own are not in it. */
  cpuSeconds(_: null) {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};
export type ClusterCalls = typeof calls;

serveCalls(calls, async () => started?.cluster.stop());
