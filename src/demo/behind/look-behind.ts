/** Everything that the page's panel shows, in one look. */
import type { Redis } from 'ioredis';
import type { ShownPod } from '../handful-of-pods.ts';
import type { DemoOss } from '../oss/demo-oss.ts';
import type { LookBehind } from '../page/behind-watch.ts';
import { auditNow } from './audit-now.ts';
import { watchBucket } from './bucket-now.ts';
import { watchPods } from './pods-now.ts';
import { watchQueue } from './queue-now.ts';

export interface Scenes {
  readonly pods: readonly ShownPod[];
  readonly oss: DemoOss;
  readonly redis: Redis;
  /** Of the cluster's dumps. */
  readonly queueName: string;
}

export function lookBehind({ pods, oss, redis, queueName }: Scenes): {
  readonly look: LookBehind;
  stop(): Promise<void>;
} {
  const podsNow = watchPods(pods);
  const bucketNow = watchBucket(oss);
  const queue = watchQueue(queueName, redis);
  return {
    async look() {
      const [now, waiting, bucket, audit] = await Promise.all([
        podsNow(),
        queue.look(),
        bucketNow(),
        auditNow(redis),
      ]);
      return { pods: now, queue: waiting, bucket, audit };
    },
    stop: () => queue.close(),
  };
}
