import { ConfigError } from './config.ts';
import type { Config } from './config-schema.ts';
import { type CredentialSource, credentialsFromFile, fixedCredentials } from './oss-credentials.ts';

type Which = 'uploadCredentials' | 'downloadCredentials';

/** @throws ConfigError if this process needs them and the config has none */
export function credentialsFromConfig(config: Config, which: Which, now: () => number): CredentialSource {
  const configured = config.store[which];
  if (configured === undefined)
    throw new ConfigError('heapdump.yaml', [`store.${which}: is missing; this process needs it`]);
  return 'file' in configured ? credentialsFromFile(configured.file, { now }) : fixedCredentials(configured);
}
