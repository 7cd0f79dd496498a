/** The OSS stand-in in a process of its own. */
import { type DemoOss, startOss } from '../../src/demo/oss/demo-oss.ts';
import { serveCalls } from './serve-calls.ts';

let started: DemoOss | undefined;
const running = (): DemoOss => {
  if (started === undefined) throw new Error('The store is not started');
  return started;
};

const calls = {
  /** @param discard bytes are hashed and counted and not kept */
  async start({ workDir, discard }: { workDir: string; discard: boolean }) {
    started = await startOss({ workDir, discard });
    const { bucket, region, endpoint, accessKeys } = started;
    return { bucket, region, endpoint, ...accessKeys };
  },
  /** @param bytesPerSecond of all uploads together; null for as fast as it goes */
  rate({ bytesPerSecond }: { bytesPerSecond: number | null }) {
    running().faults.rate(bytesPerSecond ?? undefined);
  },
  /** Of the bodies of an object's parts, also those that came twice. */
  receivedBytes({ key }: { key: string }) {
    return [...running().receivedPartBytes(key).values()].reduce((sum, bytes) => sum + bytes, 0);
  },
};
export type OssCalls = typeof calls;
export type StoreAddress = Awaited<ReturnType<OssCalls['start']>>;

serveCalls(calls, async () => started?.stop());
