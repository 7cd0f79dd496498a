/** The pods as they are: heaps and pauses by what the services themselves say. */
import { open } from 'node:fs/promises';
import type { ShownPod } from '../handful-of-pods.ts';
import type { JvmNow, PodNow } from '../page/page-state.ts';

/** Shorter ones are the garbage collector's daily work, or this machine's. */
const LEAST_PAUSE_MS = 100;
const PAUSES_KEPT = 3;

interface Heard {
  /** Of the file, so far. */
  readBytes: number;
  /** A line that is not whole yet. */
  rest: string;
  readonly jvms: Map<string, JvmNow>;
  readonly pauses: { ms: number; at: number }[];
}

/** @returns a look at them */
export function watchPods(shown: readonly ShownPod[]): () => Promise<PodNow[]> {
  const heard = new Map(shown.map(({ stdoutFile }): [string, Heard] => [stdoutFile, silent()]));
  return () =>
    Promise.all(
      shown.map(async ({ pod, shows, stdoutFile }) => {
        const said = heard.get(stdoutFile) ?? silent();
        await listen(stdoutFile, said);
        return {
          namespace: pod.namespace,
          name: pod.name,
          shows,
          running: pod.hostPids('app').length > 0,
          jvms: [...said.jvms.values()],
          pauses: [...said.pauses],
        };
      }),
    );
}

const silent = (): Heard => ({ readBytes: 0, rest: '', jvms: new Map(), pauses: [] });

async function listen(file: string, said: Heard): Promise<void> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size <= said.readBytes) return;
    const fresh = Buffer.alloc(size - said.readBytes);
    const { bytesRead } = await handle.read(fresh, 0, fresh.length, said.readBytes);
    said.readBytes += bytesRead;
    const lines = (said.rest + fresh.toString('latin1', 0, bytesRead)).split('\n');
    said.rest = lines.pop() ?? '';
    for (const line of lines) hear(line, said);
  } finally {
    await handle.close();
  }
}

function hear(line: string, said: Heard): void {
  // What was before is the start.
  if (line === 'ready') said.pauses.length = 0;
  const [, name, used, max] = /^heap (\w+) (\d+) of (\d+) MB$/.exec(line) ?? [];
  if (name !== undefined) said.jvms.set(name, { name, usedMb: Number(used), maxMb: Number(max) });
  const [, ms, at] = /^pause (\d+) ms at (\S+)$/.exec(line) ?? [];
  if (ms === undefined || at === undefined || Number(ms) < LEAST_PAUSE_MS) return;
  said.pauses.unshift({ ms: Number(ms), at: Date.parse(at) });
  said.pauses.splice(PAUSES_KEPT);
}
