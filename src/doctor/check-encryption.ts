import type { Config } from '../config-schema.ts';
import { type Finding, finding } from './finding.ts';

/** By what OSS says of the stored object: the bucket may encrypt although the config does not ask for it. */
export function checkEncryption({ store }: Config, headers: Headers): Finding {
  const how = headers.get('x-oss-server-side-encryption');
  const wanted = store.serverSideEncryption;
  if (wanted !== undefined && how !== wanted)
    return finding('store-not-encrypted', { wanted, how: how ?? '-' });
  return how === null ? finding('store-encryption-off') : finding('store-encrypted', { how });
}
