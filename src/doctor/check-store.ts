/** The bucket: is it there, may we write, read and sign, and is what lies in it encrypted. */
import type { Role } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { bucketUrl } from '../oss-client.ts';
import { ask, NoAnswer } from './ask.ts';
import { checkLink } from './check-link.ts';
import { checkUpload, removeProbe } from './check-upload.ts';
import { type Finding, finding } from './finding.ts';

export async function checkStore(
  config: Config,
  role: Role,
  now: () => number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const lacking = (['uploadCredentials', 'downloadCredentials'] as const)
    .filter((which) => role === 'both' || (which === 'uploadCredentials') === (role === 'worker'))
    .filter((which) => config.store[which] === undefined);
  if (lacking.length > 0)
    return lacking.map((credentials) =>
      finding('store-no-credentials', { credentials, reason: `store.${credentials} is missing` }),
    );
  if (role === 'bot') return checkLink(config, false, now, signal);

  const reached = await reach(config, signal);
  if (reached.verdict === 'failed') return [reached];
  const { findings, written, store } = await checkUpload(config, now, signal);
  const link = role === 'both' ? await checkLink(config, written, now, signal) : [];
  return [reached, ...findings, ...link, ...(store === undefined ? [] : await removeProbe(store, signal))];
}

/** Unsigned, and so refused: but by OSS, which puts its own header on every answer. Says sooner than retries why not. */
async function reach({ store }: Config, signal: AbortSignal): Promise<Finding> {
  const url = bucketUrl(store);
  const { host } = new URL(url);
  try {
    const { headers, status } = await ask(url, {}, signal);
    return headers.has('x-oss-request-id')
      ? finding('store-reached', { host })
      : finding('store-unreachable', { host, reason: `HTTP ${status}, not by OSS` });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return finding('store-unreachable', { host, reason: error.reason });
  }
}
