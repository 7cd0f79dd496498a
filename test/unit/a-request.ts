/** Requests in each state, made by the moves themselves. */
import {
  approve,
  type DumpRequest,
  enqueued,
  inspected,
  type Proposal,
  propose,
  started,
} from '../../src/bot/dump-request.ts';
import type { UsualTransfer } from '../../src/bot/transfer-terms.ts';
import type { DumpCompleted, DumpFailure, Preflight, TransferTerms } from '../../src/worker/dump-job.ts';

export const NOW = Date.UTC(2026, 10, 24, 15, 15);
export const ALICE = 'slack:U0ALICE';
export const BOB = 'slack:U0BOB';
export const CAROL = 'slack:U0CAROL';

export const USUAL: UsualTransfer = { via: 'auto', compress: 'auto' };

export const transfer = (changes: Partial<TransferTerms> = {}): TransferTerms => ({
  ...USUAL,
  noDisk: 'never',
  podCpu: false,
  ...changes,
});

export const aProposal = (changes: Partial<Proposal> = {}): Proposal => ({
  id: 'abcd1234',
  requester: ALICE,
  place: 'C1/17.1',
  target: { cluster: 'prod-1', namespace: 'prod', pod: 'order-service-7d9f8-x2x4k' },
  reason: 'memory grows since noon',
  rule: 'prod',
  approvalsNeeded: 1,
  expireAfterMs: 30 * 60_000,
  transfer: transfer(),
  ...changes,
});

export const aPreflight = (changes: Partial<Preflight> = {}): Preflight => ({
  podUid: '7b3f3b6e-0000-4000-8000-000000000001',
  container: 'app',
  workload: 'order-service',
  jvm: { pid: 7, startTime: 12_345, mainClass: 'com.example.Orders', uid: 1000 },
  otherJvms: [],
  attachTool: 'jcmd',
  heapUsedBytes: 1_500_000_000,
  heapMaxBytes: 4_000_000_000,
  predictedSizeBytes: 3_160_000_000,
  predictedPeakDiskBytes: 6_320_000_000,
  predictedPauseMs: [1000, 12_000],
  dumpDir: '/tmp',
  freeDiskBytes: 20_000_000_000,
  noDisk: false,
  objectPrefix: 'shop/order-service/prod',
  ...changes,
});

export const aFailure = (changes: Partial<DumpFailure> = {}): DumpFailure => ({
  outcome: 'failed',
  version: 1,
  code: 'exec-broken',
  step: 'transfer',
  detail: 'broken after 12 parts',
  retry: 'resume',
  left: [],
  ...changes,
});

export const aCompletion = (changes: Partial<DumpCompleted> = {}): DumpCompleted => ({
  outcome: 'completed',
  version: 1,
  bucket: 'dumps',
  objectKey: 'shop/order-service/prod/order-service-7d9f8-x2x4k-20261124T151500Z-abcd1234.hprof',
  fileName: 'order-service-7d9f8-x2x4k-20261124T151500Z-abcd1234.hprof',
  form: 'hprof',
  sizeBytes: 2_900_000_000,
  sha256: 'a'.repeat(64),
  crc64: '12345',
  dumpSizeBytes: 2_900_000_000,
  dumpSha256: 'a'.repeat(64),
  via: 'relay',
  podChecksum: 'cksum',
  readBack: false,
  noDisk: false,
  proofs: ['jvm-success-line', 'end-mark', 'hprof-walk', 'size', 'pod-checksum', 'crc64'],
  pauseMs: 4200,
  adopted: false,
  attempts: 1,
  stepMs: { 'find-pod': 40, 'check-jdk': 300, 'run-dump': 4500, transfer: 60_000 },
  left: [],
  ...changes,
});

/** As it is stored compressed. */
export const aPackedCompletion = (changes: Partial<DumpCompleted> = {}): DumpCompleted =>
  aCompletion({
    objectKey: `${aCompletion().objectKey}.gz`,
    fileName: `${aCompletion().fileName}.gz`,
    form: 'hprof.gz',
    sizeBytes: 612_000_000,
    dumpSizeBytes: 2_400_000_000,
    dumpSha256: 'b'.repeat(64),
    via: 'both',
    readBack: true,
    ...changes,
  });

export const proposed = (changes: Partial<Proposal> = {}): DumpRequest => propose(aProposal(changes), NOW);

export const pending = (changes: Partial<Proposal> = {}, preflight: Partial<Preflight> = {}): DumpRequest =>
  inspected(proposed(changes), aPreflight(preflight), NOW + 1000);

export const approved = (changes: Partial<Proposal> = {}): DumpRequest =>
  approve(pending(changes), BOB, NOW + 2000);

export const queued = (changes: Partial<Proposal> = {}): DumpRequest =>
  enqueued(approved(changes), NOW + 3000);

export function running(changes: Partial<Proposal> = {}): DumpRequest {
  const request = started(queued(changes), 1, NOW + 4000);
  if (request === undefined) throw new Error('A queued request could not be started');
  return request;
}
