import type { Config } from '../../config-schema.ts';
import { credentialsFromConfig } from '../../credentials-from-config.ts';
import type { ObjectStore } from './object-store.ts';
import { createOssStore } from './oss.ts';

/**
 * The store that the config names.
 * @param which the worker's own, unless it is only to be read
 * @throws ConfigError
 */
export function ossFromConfig(
  config: Config,
  now: () => number,
  which: 'uploadCredentials' | 'downloadCredentials' = 'uploadCredentials',
): ObjectStore {
  const { store } = config;
  return createOssStore(
    {
      bucket: store.bucket,
      region: store.region,
      endpoint: store.endpoint,
      podEndpoint: store.podEndpoint,
      // One address has one style, whoever uses it.
      podCname:
        store.publicCname && store.podEndpoint !== undefined && store.podEndpoint === store.publicEndpoint,
      pathStyle: store.pathStyle,
      signatureVersion: store.signatureVersion,
      ...(store.serverSideEncryption === undefined
        ? {}
        : { serverSideEncryption: store.serverSideEncryption }),
      ...(store.kmsKeyId === undefined ? {} : { kmsKeyId: store.kmsKeyId }),
      storageClass: store.storageClass,
      partTimeoutMs: 60_000,
      retry: { attempts: 8, baseMs: 250, maxMs: 20_000 },
    },
    credentialsFromConfig(config, which, now),
  );
}
