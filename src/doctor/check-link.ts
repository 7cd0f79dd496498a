/** The bot's side of the bucket: a download link, signed as for people and fetched as by a browser. */
import { createLinkSigner } from '../bot/download-link.ts';
import type { Config } from '../config-schema.ts';
import { credentialsFromConfig } from '../credentials-from-config.ts';
import { CredentialError } from '../oss-credentials.ts';
import { ask, NoAnswer } from './ask.ts';
import { PROBE_KEY, PROBE_TEXT } from './check-upload.ts';
import { type Finding, finding } from './finding.ts';
import { refusalOfAnswer } from './store-refusal.ts';

const LIFETIME_MS = 60_000;

/** @param probeIsThere where not, a link to nothing is fetched: that OSS says so proves signature and right as well */
export async function checkLink(
  config: Config,
  probeIsThere: boolean,
  now: () => number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { store } = config;
  const publicEndpoint = store.publicEndpoint ?? store.endpoint;
  const host = publicEndpoint.replace(/^\w+:\/\//, '');
  const attempted = { credentials: 'downloadCredentials', right: 'oss:GetObject', bucket: store.bucket };
  try {
    const signer = createLinkSigner(
      { ...store, publicEndpoint, cname: store.publicCname },
      credentialsFromConfig(config, 'downloadCredentials', now),
    );
    const objectKey = probeIsThere ? PROBE_KEY : 'heapdump-doctor/no-such-object';
    const { url } = await signer.sign(objectKey, { fileName: 'probe', lifetimeMs: LIFETIME_MS });
    const answer = await ask(url, {}, signal);
    const works = probeIsThere
      ? answer.status === 200 && answer.text === PROBE_TEXT
      : answer.status === 404 && answer.text.includes('<Code>NoSuchKey</Code>');
    return [works ? finding('store-link', { host }) : refusalOfAnswer(answer, attempted)];
  } catch (error) {
    if (error instanceof NoAnswer) return [finding('store-unreachable', { host, reason: error.reason })];
    if (error instanceof CredentialError)
      return [finding('store-no-credentials', { ...attempted, reason: error.message })];
    throw error;
  }
}
