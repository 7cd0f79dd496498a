/** The worker's side of the bucket: an upload in parts of a small object of ours, from its beginning to a look at it. */
import { createHash } from 'node:crypto';
import type { Config } from '../config-schema.ts';
import { credentialsFromConfig } from '../credentials-from-config.ts';
import { presign } from '../oss-presign.ts';
import { createCrc64 } from '../worker/store/crc64.ts';
import type { ObjectStore, PartToSend } from '../worker/store/object-store.ts';
import { ossFromConfig } from '../worker/store/oss-from-config.ts';
import { ask, NoAnswer } from './ask.ts';
import { checkEncryption } from './check-encryption.ts';
import { type Finding, finding } from './finding.ts';
import { type Attempted, refusalOfAnswer, refusalOfStore } from './store-refusal.ts';

/** One and the same each time: where it may not be removed, no more than one is left. */
export const PROBE_KEY = 'heapdump-doctor/probe';
export const PROBE_TEXT = 'Written by the doctor of heapdump-bot to see that it can be. It may be removed.\n';
const URL_LIFETIME_MS = 60_000;

export interface Upload {
  readonly findings: readonly Finding[];
  /** The probe is there, to be looked at. */
  readonly written: boolean;
  /** Where something may be left to remove. */
  readonly store: ObjectStore | undefined;
}

export async function checkUpload(config: Config, now: () => number, signal: AbortSignal): Promise<Upload> {
  const store = ossFromConfig(config, now);
  const attempted = (right: string): Attempted => ({
    credentials: 'uploadCredentials',
    right,
    bucket: store.bucket,
  });
  const findings: Finding[] = [];
  const may = async (right: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      findings.push(refusalOfStore(error, attempted(right)));
      return false;
    }
  };
  const begin = (): Promise<string> => store.beginUpload({ objectKey: PROBE_KEY, metadata: {} }, signal);

  let uploadId = '';
  const part = await probePart();
  const listed =
    (await may('oss:PutObject', async () => {
      uploadId = await begin();
      await store.uploadPart(PROBE_KEY, uploadId, part, signal);
    })) && (await may('oss:ListParts', () => store.listParts(PROBE_KEY, uploadId, signal)));
  const written =
    listed &&
    // Completing looks at what came of it, as HEAD does.
    (await may('oss:GetObject', async () =>
      store.completeUpload(PROBE_KEY, uploadId, await store.listParts(PROBE_KEY, uploadId, signal), signal),
    ));
  // Aborting lists as well, to see that nothing is left.
  if (!listed && uploadId !== '') await store.abortUpload(PROBE_KEY, uploadId, signal).catch(() => undefined);
  if (listed) {
    await may('oss:AbortMultipartUpload', async () => {
      // The one that could not be completed, or one for this purpose.
      await store.abortUpload(PROBE_KEY, written ? await begin() : uploadId, signal);
    });
    await may('oss:ListMultipartUploads', () =>
      store.abortStrayUploads('heapdump-doctor/never-uploaded', undefined, signal),
    );
  }
  if (findings.length === 0) findings.push(finding('store-upload', { bucket: store.bucket }));
  if (!written) return { findings, written, store: listed ? store : undefined };
  findings.push(await checkPartUrl(store, part, signal));
  findings.push(...(await checkReading(config, now, attempted('oss:GetObject'), signal)));
  return { findings, written, store };
}

/** Removing is a right that the worker can do without; then the probe stays. */
export async function removeProbe(store: ObjectStore, signal: AbortSignal): Promise<Finding[]> {
  try {
    await store.remove(PROBE_KEY, signal);
    return [];
  } catch (error) {
    const attempted = {
      credentials: 'uploadCredentials',
      right: 'oss:DeleteObject',
      bucket: store.bucket,
    };
    return [refusalOfStore(error, attempted, true), finding('store-probe-left', { key: PROBE_KEY })];
  }
}

/** As a pod sends a part. Pods may reach what this machine does not, so that it is no more than a hint. */
async function checkPartUrl(store: ObjectStore, part: PartToSend, signal: AbortSignal): Promise<Finding> {
  const host = new URL(store.routeUrl()).host;
  const uploadId = await store.beginUpload({ objectKey: PROBE_KEY, metadata: {} }, signal);
  try {
    const { url, headers } = await store.presignPart(
      PROBE_KEY,
      uploadId,
      1,
      { md5: part.md5, sizeBytes: part.body.byteLength, lifetimeMs: URL_LIFETIME_MS },
      signal,
    );
    // As bytes: with text fetch would send a Content-Type, which OSS takes for signed.
    const answer = await ask(url, { method: 'PUT', headers: { ...headers }, body: part.body }, signal);
    return answer.status === 200
      ? finding('store-part-url', { host })
      : finding('store-part-url-failed', { host, reason: `HTTP ${answer.status}` });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return finding('store-part-url-failed', { host, reason: error.reason });
  } finally {
    await store.abortUpload(PROBE_KEY, uploadId, signal).catch(() => undefined);
  }
}

async function checkReading(
  config: Config,
  now: () => number,
  attempted: Attempted,
  signal: AbortSignal,
): Promise<Finding[]> {
  const credentials = await credentialsFromConfig(config, 'uploadCredentials', now).get();
  const { url } = await presign(config.store, credentials, {
    method: 'GET',
    objectKey: PROBE_KEY,
    lifetimeMs: URL_LIFETIME_MS,
  });
  const answer = await ask(url, {}, signal);
  if (answer.status !== 200 || answer.text !== PROBE_TEXT) return [refusalOfAnswer(answer, attempted)];
  return [finding('store-read'), checkEncryption(config, answer.headers)];
}

async function probePart(): Promise<PartToSend> {
  const body = new Uint8Array(Buffer.from(PROBE_TEXT));
  const crc = await createCrc64();
  crc.update(body);
  return { number: 1, body, md5: createHash('md5').update(body).digest(), crc64: crc.value().toString() };
}
