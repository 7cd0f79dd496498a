/** A dump job as a bot queues it. */
import { type DumpData, dumpData } from '../../src/worker/dump-job.ts';
import { NOW, transfer } from './a-request.ts';

export const aDumpJob = (): DumpData =>
  dumpData.parse({
    version: 1,
    kind: 'dump',
    requestId: 'abcd1234',
    target: { cluster: 'prod-1', namespace: 'prod', pod: 'order-service-7d9f8-x2x4k', container: 'app' },
    podUid: '7b3f3b6e-0000-4000-8000-000000000001',
    workload: 'order-service',
    jvm: { pid: 7, startTime: 12_345, mainClass: 'com.example.Orders', uid: 1000 },
    objectPrefix: 'shop/order-service/prod',
    transfer: transfer(),
    requestedBy: 'slack:U0ALICE',
    approvedBy: ['slack:U0BOB'],
    asked: {
      at: NOW - 60_000,
      reason: 'memory grows',
      rule: 'prod',
      approvalsNeeded: 1,
      approvals: [{ by: 'slack:U0BOB', at: NOW - 30_000 }],
    },
    checkpoint: { stepMs: {} },
  });
