/**
 * The contract between bot and worker: all that the two share besides Redis.
 * Everything is validated on both sides; a version that the reader does not know is refused, never guessed at.
 */
import { z } from 'zod';

export const CONTRACT_VERSION = 1;

/** BullMQ forbids ':' in queue names, and cluster names hold none (see `clusterName`). */
export const queueName = (cluster: string): string => `heapdump-dumps-${cluster}`;
/** Looks have a queue of their own: people wait for them, and a queue full of dumps must not keep them waiting. */
export const looksQueueName = (cluster: string): string => `heapdump-looks-${cluster}`;

/** BullMQ forbids ':' and bare integers as job ids. `run` counts the approvals and resumed retries of one request. */
export const dumpJobId = (requestId: string, run: number): string => `${requestId}-run${run}`;
export const preflightJobId = (requestId: string, look: number): string => `${requestId}-look${look}`;

/** Set (with the canceller as value) before it is published, so that a worker that starts late still sees it. */
export const cancelKey = (requestId: string): string => `heapdump:cancel:${requestId}`;
export const CANCEL_CHANNEL = 'heapdump:cancel';

/** RFC 1123 label: namespaces, containers, cluster names. */
export const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
/** RFC 1123 subdomain: pod names. */
export const podName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
export const clusterName = dnsLabel;

export const target = z.strictObject({
  cluster: clusterName,
  namespace: dnsLabel,
  pod: podName,
  container: dnsLabel.optional(),
});
export type Target = z.infer<typeof target>;

/** A pid alone names nothing (pid 1 is always there); with field 22 of /proc/PID/stat it names one process. */
const jvm = z.strictObject({
  pid: z.number().int().positive(),
  startTime: z.number().int().nonnegative(),
  mainClass: z.string().max(300),
  uid: z.number().int().nonnegative(),
});
export type Jvm = z.infer<typeof jvm>;

const bytes = z.number().int().nonnegative();
/** CRC-64/XZ as OSS writes it: a decimal number. */
const decimal64 = z.string().regex(/^\d{1,20}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const requestId = z.string().regex(/^[a-z0-9]{8}$/);

/** What people and the rule say about the dump's way out of the pod. */
export const transferTerms = z.strictObject({
  /** direct: the pod uploads by itself over presigned URLs; relay: through exec and the worker. */
  via: z.enum(['auto', 'direct', 'relay']),
  /** Where the dump is compressed on its way, never inside the pause. */
  compress: z.enum(['auto', 'worker', 'pod', 'none']),
  /** The JVM dumps into a pipe that the transfer reads: on request, where nothing else has room, or never. */
  noDisk: z.enum(['always', 'if-needed', 'never']),
  /** The rule lets us spend the pod's CPU on compressing. */
  podCpu: z.boolean(),
});
export type TransferTerms = z.infer<typeof transferTerms>;

// ---- pre-flight: looking before asking ------------------------------------------------------------------

export const preflightData = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  kind: z.literal('preflight'),
  requestId,
  target,
  noDisk: transferTerms.shape.noDisk,
});
export type PreflightData = z.infer<typeof preflightData>;

/** What the reviewer is shown, and what the approval is bound to. */
export const preflight = z.strictObject({
  podUid: z.string().min(1).max(64),
  container: dnsLabel,
  workload: z.string().min(1).max(253),
  jvm,
  otherJvms: z.array(jvm).max(50),
  attachTool: z.enum(['jcmd', 'jmap', 'jattach']),
  heapUsedBytes: bytes.optional(),
  heapMaxBytes: bytes.optional(),
  /** Upper bound: 2.1 × used + 10 MB. */
  predictedSizeBytes: bytes.optional(),
  /** 8 to 21: the file; 25 and later: twice the file. */
  predictedPeakDiskBytes: bytes.optional(),
  predictedPauseMs: z.tuple([bytes, bytes]).optional(),
  dumpDir: z.string().max(4096),
  freeDiskBytes: bytes,
  /** The dump will go through a pipe: no disk, and the application stands still as long as the transfer lasts. */
  noDisk: z.boolean(),
  memoryLimitBytes: bytes.optional(),
  memoryUsedBytes: bytes.optional(),
  objectPrefix: z.string().max(512),
});
export type Preflight = z.infer<typeof preflight>;

// ---- the dump job ---------------------------------------------------------------------------------------

export const STEPS = [
  'find-pod',
  'check-jdk',
  'copy-tool',
  'make-executable',
  'run-dump',
  'transfer',
  'verify',
  'clean-up',
] as const;
export type Step = (typeof STEPS)[number];

/**
 * hprof: as the JVM wrote it. hprof.gz: gzip members of 1 MiB of the dump each, which Eclipse MAT opens without
 * unpacking.
 */
const objectForm = z.enum(['hprof', 'hprof.gz']);
export type ObjectForm = z.infer<typeof objectForm>;

/** Programs of a pod that can tell whether what came is what was read there. */
export const sumKind = z.enum(['cksum', 'md5', 'sha1', 'sha256']);
export type SumKind = z.infer<typeof sumKind>;

/** The object in the store, and what it holds. */
const storedDump = z.strictObject({
  objectKey: z.string().max(1023),
  form: objectForm,
  /** Of the object as stored. */
  sizeBytes: bytes,
  sha256,
  crc64: decimal64,
  /** Of the dump itself; the same where it is stored as it is. */
  dumpSizeBytes: bytes,
  dumpSha256: sha256,
  /** both: the pod began, and the worker finished. */
  via: z.enum(['direct', 'relay', 'both']),
  /** Checksums of the pod and of ours were compared part by part: which kind. */
  podChecksum: sumKind,
  /** The object was read back and walked, as not all of it went through one worker's hands. */
  readBack: z.boolean(),
});
export type StoredDump = z.infer<typeof storedDump>;

/** What a new attempt needs to go on. Saved in the job's data before it is relied on. */
export const checkpoint = z.strictObject({
  /** Our directory in the container; holds the tool and the dump, and is what clean-up removes. */
  workDir: z.string().max(4096).optional(),
  /** The attach command was about to be sent: from here on the application may have been paused. */
  dumpStarted: z.boolean().optional(),
  dump: z
    .strictObject({
      file: z.string().max(4096),
      sizeBytes: bytes,
      pauseMs: bytes.optional(),
      adopted: z.boolean(),
    })
    .optional(),
  /** Saved before an upload is begun there, so that one whose beginning was not heard of is found and removed. */
  objectKey: z.string().max(1023).optional(),
  upload: z
    .strictObject({
      objectKey: z.string().max(1023),
      uploadId: z.string().max(1024),
      /** Of the dump in each part but the last; what of it is stored is in the part ledger (part-ledger.ts). */
      pieceBytes: bytes,
      form: objectForm,
    })
    .optional(),
  stored: storedDump.optional(),
  verified: z.boolean().optional(),
  stepMs: z.partialRecord(z.enum(STEPS), bytes),
});
export type Checkpoint = z.infer<typeof checkpoint>;

const at = z.number().int().nonnegative();

/** Of the request, for the manifest beside the dump (manifest.ts): the worker itself acts on none of it. */
export const askedFor = z.strictObject({
  at,
  reason: z.string().max(1000).optional(),
  /** The name of the rule that let it be asked for. */
  rule: z.string().max(1000),
  approvalsNeeded: z.number().int().nonnegative(),
  approvals: z.array(z.strictObject({ by: z.string().max(200), at })).max(100),
  repeats: requestId.optional(),
});

export const dumpData = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  kind: z.literal('dump'),
  requestId,
  /** What was approved: the job refuses when pod uid or JVM are others by now. */
  target: target.required({ container: true }),
  podUid: z.string().min(1).max(64),
  workload: z.string().min(1).max(253),
  jvm,
  objectPrefix: z.string().max(512),
  transfer: transferTerms,
  /** Ends in the object's metadata. */
  requestedBy: z.string().max(200),
  approvedBy: z.array(z.string().max(200)),
  /** Not in jobs of older bots, which get no manifest. */
  asked: askedFor.optional(),
  checkpoint,
});
export type DumpData = z.infer<typeof dumpData>;

export const progress = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  attempt: z.number().int().positive(),
  step: z.enum(STEPS),
  stepStartedAt: z.number().int(),
  stepMs: z.partialRecord(z.enum(STEPS), bytes),
  /** Why it stands still, if it does: another dump of the same workload, or the next try after an error. */
  waiting: z.enum(['workload-busy', 'retrying']).optional(),
  dumpedBytes: bytes.optional(),
  sentBytes: bytes.optional(),
  totalBytes: bytes.optional(),
  bytesPerSecond: bytes.optional(),
});
export type Progress = z.infer<typeof progress>;

// ---- how it ends ----------------------------------------------------------------------------------------

/**
 * Named failures. The words for people are the bot's (src/bot/words); a code is for ever, so add, never rename.
 */
export const FAILURE_CODES = [
  // the pod
  'pod-not-found',
  'pod-not-running',
  'pod-replaced',
  'container-not-found',
  'container-ended',
  'jvm-replaced',
  'no-jvm',
  'no-such-jvm',
  // what the container lacks
  'no-shell',
  'no-jdk-tools',
  'no-checksum-tool',
  'no-writable-dir',
  'not-enough-disk',
  'cannot-copy',
  'tool-vanished',
  'read-only-tmp',
  // the attach and the dump
  'attach-disabled',
  'attach-denied',
  'attach-timeout',
  'jvm-not-ready',
  'disk-full',
  'jvm-died',
  'dump-incomplete',
  'dump-invalid',
  'dump-vanished',
  'dump-failed',
  'tool-failed',
  // the way
  'forbidden',
  'cluster-unreachable',
  'exec-broken',
  'store-refused',
  'store-unreachable',
  'checksum-mismatch',
  'no-uploader',
  'no-route-to-store',
  'no-gzip',
  'no-room-to-pack',
  'no-pipe-dump',
  'stream-broken',
  // ours
  'no-worker',
  'cannot-post',
  'worker-lost',
  'bad-job',
  'internal',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** What a person may do about a failure. */
export type RetryKind = 'resume' | 'new-approval' | 'none';

const leftover = z.string().max(4200);

export const failure = z.strictObject({
  outcome: z.literal('failed'),
  version: z.literal(CONTRACT_VERSION),
  code: z.enum(FAILURE_CODES),
  step: z.enum(STEPS).optional(),
  /** Facts for people, as text: sizes, names, what the cluster answered. Redacted, no stack. */
  detail: z.string().max(1000),
  /** 'resume': the dump is there, or the application was not paused yet; 'new-approval': going on would pause it again. */
  retry: z.enum(['resume', 'new-approval', 'none']),
  /** Paths that could not be removed from the container. */
  left: z.array(leftover).max(20),
  checkpoint: checkpoint.optional(),
});
export type DumpFailure = z.infer<typeof failure>;

export const completed = z.strictObject({
  outcome: z.literal('completed'),
  version: z.literal(CONTRACT_VERSION),
  bucket: z.string(),
  fileName: z.string().max(300),
  ...storedDump.shape,
  /** The dump went through a pipe. */
  noDisk: z.boolean(),
  /** In words of this contract, what was proved and how. */
  proofs: z.array(
    z.enum([
      'jvm-success-line',
      'end-mark',
      'hprof-walk',
      'size',
      'pod-checksum',
      'crc64',
      'part-md5',
      'read-back',
    ]),
  ),
  pauseMs: bytes.optional(),
  adopted: z.boolean(),
  attempts: z.number().int().positive(),
  stepMs: z.partialRecord(z.enum(STEPS), bytes),
  left: z.array(leftover).max(20),
  /** The dump is stored and proved; only what is known of it could not be written beside it. Absent where it was. */
  manifestMissing: z.boolean().optional(),
});
export type DumpCompleted = z.infer<typeof completed>;

/** A failure about which nothing more is known than its name. */
export const plainFailure = (code: FailureCode, retry: RetryKind): DumpFailure => ({
  outcome: 'failed',
  version: CONTRACT_VERSION,
  code,
  detail: '',
  retry,
  left: [],
});

const cancelled = z.strictObject({
  outcome: z.literal('cancelled'),
  version: z.literal(CONTRACT_VERSION),
  step: z.enum(STEPS).optional(),
  left: z.array(leftover).max(20),
});

/**
 * A dump job's return value. A job that ends in a named failure has done its work, which is to say why;
 * BullMQ's own 'failed' is left for a worker that broke.
 */
export const dumpOutcome = z.discriminatedUnion('outcome', [completed, failure, cancelled]);
export type DumpOutcome = z.infer<typeof dumpOutcome>;

export const preflightOutcome = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('ready'), version: z.literal(CONTRACT_VERSION), preflight }),
  failure,
]);
export type PreflightOutcome = z.infer<typeof preflightOutcome>;
