/** The manifests in the bucket → requests in a Redis that has lost them, or never had them. Says nothing in chat. */

import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  dumpKeyOf,
  isDumpKey,
  MANIFEST_BYTES,
  type Manifest,
  type ManifestProblem,
  readManifest,
} from '../worker/manifest.ts';
import { type DumpRequest, dumpRequest } from './dump-request.ts';
import { targetText } from './messages/replies.ts';
import { covers, type Rule } from './policy.ts';
import type { RequestStore } from './request-store.ts';

/** What is asked of the object store here. */
export interface ReadableBucket {
  readonly bucket: string;
  list(
    prefix: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly objectKey: string; readonly sizeBytes: number }>;
  read(
    objectKey: string,
    range: { start: number; end: number } | undefined,
    signal: AbortSignal,
  ): Promise<Readable>;
  head(
    objectKey: string,
    signal: AbortSignal,
  ): Promise<
    | {
        readonly sizeBytes: number;
        readonly crc64: string | undefined;
        readonly metadata: Readonly<Record<string, string>>;
      }
    | undefined
  >;
}

export type SkipReason =
  | ManifestProblem
  /** The bucket refuses to give it out. */
  | 'unreadable'
  /** Deleted, or expired by a lifecycle rule. */
  | 'dump-gone'
  | 'dump-differs'
  /** The object says that it is of another request or target; nobody vouches for the manifest. */
  | 'dump-of-another';

export type RestoreStep =
  | { readonly kind: 'restored' | 'already-there'; readonly request: DumpRequest }
  | { readonly kind: 'skipped'; readonly key: string; readonly why: SkipReason; readonly detail: string }
  | { readonly kind: 'no-manifest'; readonly key: string };

export interface RestoreDeps {
  readonly bucket: ReadableBucket;
  readonly store: Pick<RequestStore, 'restore' | 'get'>;
  readonly manifestKeys: readonly string[];
  readonly rules: readonly Pick<Rule, 'name' | 'clusters' | 'namespaces' | 'pods'>[];
  readonly now: () => number;
}

const AT_ONCE = 8;

/** @throws what the bucket or Redis fail with altogether */
export async function* restoreRequests(
  deps: RestoreDeps,
  wish: { readonly prefix: string; readonly dryRun: boolean },
  signal: AbortSignal,
): AsyncGenerator<RestoreStep> {
  const manifests: { key: string; objectKey: string; sizeBytes: number }[] = [];
  const without = new Set<string>();
  // In the order of their keys: a dump comes before its manifest.
  for await (const { objectKey: key, sizeBytes } of deps.bucket.list(wish.prefix, signal)) {
    const objectKey = dumpKeyOf(key);
    if (isDumpKey(key)) without.add(key);
    if (objectKey === undefined) continue;
    without.delete(objectKey);
    manifests.push({ key, objectKey, sizeBytes });
  }
  for (let at = 0; at < manifests.length; at += AT_ONCE) {
    yield* await Promise.all(
      manifests.slice(at, at + AT_ONCE).map((each) => restoreOne(deps, each, wish.dryRun, signal)),
    );
  }
  for (const key of without) yield { kind: 'no-manifest', key };
}

async function restoreOne(
  deps: RestoreDeps,
  { key, sizeBytes }: { readonly key: string; readonly sizeBytes: number },
  dryRun: boolean,
  signal: AbortSignal,
): Promise<RestoreStep> {
  const skipped = (why: SkipReason, detail = ''): RestoreStep => ({ kind: 'skipped', key, why, detail });
  if (sizeBytes > MANIFEST_BYTES) return skipped('too-large', `${sizeBytes} bytes`);
  if (sizeBytes === 0) return skipped('not-a-manifest', 'empty');
  try {
    // It may have grown since it was listed.
    const range = { start: 0, end: MANIFEST_BYTES };
    const text = (await buffer(await deps.bucket.read(key, range, signal))).toString('utf8');
    const read = readManifest(text, key, deps.manifestKeys, deps.now());
    if (read.kind === 'problem') return skipped(read.problem, read.detail);
    const { manifest, trust } = read;
    const differs = await compare(deps.bucket, manifest, trust, signal);
    if (differs !== undefined) return skipped(...differs);
    const request = requestOf(manifest, trust === 'signed', deps);
    if (request === undefined) return skipped('malformed', 'request');
    return { kind: (await put(deps, request, dryRun)) ? 'restored' : 'already-there', request };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'refused')
      return skipped('unreadable', error.message);
    throw error;
  }
}

/** @returns undefined where the object is the one that the manifest was written for */
async function compare(
  bucket: ReadableBucket,
  { objectKey, outcome, target, request }: Manifest,
  trust: 'signed' | 'unsigned',
  signal: AbortSignal,
): Promise<[SkipReason, string] | undefined> {
  const found = await bucket.head(objectKey, signal);
  if (found === undefined) return ['dump-gone', objectKey];
  if (found.sizeBytes !== outcome.sizeBytes)
    return ['dump-differs', `${found.sizeBytes} bytes in the bucket, ${outcome.sizeBytes} in the manifest`];
  if (found.crc64 !== undefined && found.crc64 !== outcome.crc64)
    return ['dump-differs', `CRC-64 ${found.crc64} in the bucket, ${outcome.crc64} in the manifest`];
  if (trust === 'signed') return undefined;
  // A rule that lets everybody download must not be had by naming another namespace: what the worker wrote into the
  // object itself cannot be changed without writing the whole object.
  const { metadata } = found;
  return metadata['request-id'] === request.id && metadata.target === targetText(target)
    ? undefined
    : ['dump-of-another', 'and the manifest is not signed'];
}

function requestOf(manifest: Manifest, signed: boolean, deps: RestoreDeps): DumpRequest | undefined {
  const { request, target, outcome, transfer } = manifest;
  const endedAt = Date.parse(manifest.completedAt);
  const made = dumpRequest.safeParse({
    version: 1,
    id: request.id,
    revision: 0,
    state: 'completed',
    createdAt: Date.parse(request.requestedAt),
    changedAt: endedAt,
    expiresAt: endedAt,
    requester: request.requestedBy,
    // Whatever was said there was said: nothing more will be.
    place: '',
    target,
    reason: request.reason,
    rule: ruleOfToday(manifest, signed, deps.rules),
    approvalsNeeded: request.approvalsNeeded,
    transfer,
    approvals: request.approvals.map(({ by, at }) => ({ by, at: Date.parse(at) })),
    looks: 1,
    run: 1,
    outcome: { ...outcome, bucket: deps.bucket.bucket },
    repeats: request.repeats,
    restored: { at: deps.now(), signed },
    spoken: {},
    closed: true,
  });
  return made.success ? made.data : undefined;
}

/** Of the rules that cover the target now: the one that it was asked for under, if a key of ours vouches for that. */
function ruleOfToday({ request, target }: Manifest, signed: boolean, rules: RestoreDeps['rules']): string {
  const covering = rules.filter((rule) => covers(rule, target)).map(({ name }) => name);
  return signed && covering.includes(request.rule) ? request.rule : (covering[0] ?? request.rule);
}

async function put(deps: RestoreDeps, request: DumpRequest, dryRun: boolean): Promise<boolean> {
  const { outcome } = request;
  if (dryRun) return (await deps.store.get(request.id)) === undefined;
  return deps.store.restore(request, {
    at: deps.now(),
    event: 'restored',
    requestId: request.id,
    by: 'bot',
    target: targetText(request.target),
    facts: {
      requestedBy: request.requester,
      approvedBy: request.approvals.map(({ by }) => by).join(' '),
      signed: request.restored?.signed === true ? 'yes' : 'no',
      ...(outcome?.outcome === 'completed'
        ? { objectKey: outcome.objectKey, sizeBytes: outcome.sizeBytes, sha256: outcome.sha256 }
        : {}),
    },
  });
}
