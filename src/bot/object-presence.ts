/** Whether a dump is still in the bucket: lifecycle rules remove objects and tell nobody. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Logger } from '../log.ts';
import { createOssClient } from '../oss-client.ts';
import type { CredentialSource } from '../oss-credentials.ts';
import { type LinkOptions, linkAddress } from './download-link.ts';

/** unknown: OSS could not be asked. A link may be as good as ever, as people reach OSS by other ways. */
export type Presence = 'there' | 'gone' | 'unknown';
export type LookForObject = (objectKey: string) => Promise<Presence>;

/** Somebody waits for a link. */
const TIMEOUT_MS = 2500;

export function createLookForObject(
  options: LinkOptions,
  credentials: CredentialSource,
  log: Logger,
): LookForObject {
  const address = linkAddress(options);
  const agents = { http: new HttpAgent(), https: new HttpsAgent() };
  return async (objectKey) => {
    try {
      // https://www.alibabacloud.com/help/en/oss/developer-reference/headobject
      const client = createOssClient(address, await credentials.get(), agents);
      await client.head(objectKey, { timeout: TIMEOUT_MS });
      return 'there';
    } catch (err) {
      if (err instanceof Error && 'status' in err && err.status === 404) return 'gone';
      // The SDK's error holds its request.
      log.warn({ objectKey, reason: reasonOf(err) }, 'OSS could not be asked whether the dump is there');
      return 'unknown';
    }
  };
}

const reasonOf = (err: unknown): string =>
  err instanceof Error ? ('code' in err ? String(err.code) : err.name) : 'unknown';
