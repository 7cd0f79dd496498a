/**
 * The manifest beside a dump: what is known of it, in the bucket itself, so that a new Redis can be filled again.
 * Whoever can write to the bucket could write one, so it is signed, and it grants nothing to anybody: what a person may
 * do is decided by the rules of the day.
 */
import { z } from 'zod';
import { askedFor, completed, type DumpCompleted, type DumpData, dumpData } from './dump-job.ts';
import { checkSignature, sign } from './manifest-signature.ts';

const FORMAT = 'heapdump-bot/manifest';
const MANIFEST_VERSION = 1;
const SUFFIX = '.json';
/** Ample: the longest are those that name files which could not be removed from a container. */
export const MANIFEST_BYTES = 256 * 1024;

const time = z.iso.datetime();

const manifestShape = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(MANIFEST_VERSION),
  /** Of the dump beside which it lies. */
  objectKey: z.string().min(1).max(1023),
  completedAt: time,
  request: z.strictObject({
    id: dumpData.shape.requestId,
    requestedBy: dumpData.shape.requestedBy,
    requestedAt: time,
    reason: askedFor.shape.reason,
    rule: askedFor.shape.rule,
    approvalsNeeded: askedFor.shape.approvalsNeeded,
    approvals: z.array(z.strictObject({ by: z.string().max(200), at: time })).max(100),
    repeats: askedFor.shape.repeats,
  }),
  target: dumpData.shape.target,
  podUid: dumpData.shape.podUid,
  workload: dumpData.shape.workload,
  jvm: dumpData.shape.jvm,
  transfer: dumpData.shape.transfer,
  outcome: completed,
});
export type Manifest = z.infer<typeof manifestShape>;

export const manifestKeyOf = (objectKey: string): string => objectKey + SUFFIX;

export const isDumpKey = (key: string): boolean => /\.hprof(\.gz)?$/.test(key);

/** @returns the key of the dump, if what lies at `key` is a manifest by its name */
export function dumpKeyOf(key: string): string | undefined {
  const objectKey = key.slice(0, -SUFFIX.length);
  return key.endsWith(SUFFIX) && isDumpKey(objectKey) ? objectKey : undefined;
}

/** @returns undefined for a job that an older bot queued, which does not say what was asked for */
export function buildManifest(data: DumpData, outcome: DumpCompleted, now: number): Manifest | undefined {
  const { asked } = data;
  if (asked === undefined) return undefined;
  const { reason, repeats } = asked;
  return {
    format: FORMAT,
    version: MANIFEST_VERSION,
    objectKey: outcome.objectKey,
    completedAt: iso(now),
    request: {
      id: data.requestId,
      requestedBy: data.requestedBy,
      requestedAt: iso(asked.at),
      ...(reason === undefined ? {} : { reason }),
      rule: asked.rule,
      approvalsNeeded: asked.approvalsNeeded,
      approvals: asked.approvals.map(({ by, at }) => ({ by, at: iso(at) })),
      ...(repeats === undefined ? {} : { repeats }),
    },
    target: data.target,
    podUid: data.podUid,
    workload: data.workload,
    jvm: data.jvm,
    transfer: data.transfer,
    outcome,
  };
}

/** @param keys the first one signs; without any it says of itself that it is unsigned */
export function writeManifest(manifest: Manifest, keys: readonly string[]): string {
  const [key] = keys;
  const signature = key === undefined ? null : sign(manifest, key);
  return `${JSON.stringify({ ...manifest, signature }, null, 2)}\n`;
}

export type ManifestProblem =
  | 'too-large'
  | 'not-a-manifest'
  | 'newer-version'
  /** Signed with a key that is not among ours. */
  | 'foreign-key'
  | 'tampered'
  | 'malformed'
  | 'wrong-place';

export type ReadManifest =
  /** unsigned: nobody vouches for what it says, or there is no key here to tell. */
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly trust: 'signed' | 'unsigned' }
  | { readonly kind: 'problem'; readonly problem: ManifestProblem; readonly detail: string };

/**
 * @param liesAt its own key in the bucket
 * @param now milliseconds since the epoch; what says that it is of later is not believed
 */
export function readManifest(
  text: string,
  liesAt: string,
  keys: readonly string[],
  now: number,
): ReadManifest {
  if (Buffer.byteLength(text) > MANIFEST_BYTES)
    return problem('too-large', `more than ${MANIFEST_BYTES} bytes`);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return problem('not-a-manifest', 'not JSON');
  }
  const head = z.object({ format: z.literal(FORMAT), version: z.number().int().positive() }).safeParse(read);
  if (!head.success || !isRecord(read)) return problem('not-a-manifest', 'not of this format');
  if (head.data.version > MANIFEST_VERSION)
    return problem('newer-version', `version ${head.data.version}; this program knows ${MANIFEST_VERSION}`);

  const { signature, ...content } = read;
  const trust = checkSignature(content, signature, keys);
  if (trust === 'foreign-key' || trust === 'tampered') return problem(trust, '');
  const parsed = manifestShape.safeParse(content);
  if (!parsed.success) return problem('malformed', whereIn(parsed.error));
  return checkSense(parsed.data, liesAt, now) ?? { kind: 'manifest', manifest: parsed.data, trust };
}

/** What each part may say by itself, and the whole may not. */
function checkSense(manifest: Manifest, liesAt: string, now: number): ReadManifest | undefined {
  const { objectKey, outcome, completedAt, request } = manifest;
  if (manifestKeyOf(objectKey) !== liesAt || outcome.objectKey !== objectKey)
    return problem('wrong-place', `it is of ${objectKey.slice(0, 200)}`);
  if (!isDumpKey(objectKey)) return problem('malformed', 'objectKey');
  if (
    Date.parse(request.requestedAt) > Date.parse(completedAt) ||
    Date.parse(completedAt) > now + CLOCK_SKEW_MS
  )
    return problem('malformed', 'completedAt');
  return undefined;
}

const CLOCK_SKEW_MS = 3_600_000;

const problem = (name: ManifestProblem, detail: string): ReadManifest => ({
  kind: 'problem',
  problem: name,
  detail,
});

const whereIn = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path }) => path.join('.'))
    .join(', ');

const iso = (at: number): string => new Date(at).toISOString();

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
