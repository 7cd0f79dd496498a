import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';

/** The library does not export its name. */
type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** The kubelet renews a projected token long before it ends; client-go reads it again once a minute. */
const READ_AGAIN_AFTER_MS = 60_000;

/** Our name for it in a user's authProvider, next to the library's own. */
export const TOKEN_FILE_PROVIDER = 'heapdump-token-file';

/**
 * kubeconfig's `tokenFile`, which @kubernetes/client-node 2.0.1 ignores (it reads `token-file`, once, at load).
 * @param now milliseconds on any clock that only goes forward
 */
export const tokenFileAuthenticator = (now: () => number): Authenticator => {
  const cached = new Map<string, { token: string; readAtMs: number }>();
  return {
    isAuthProvider: (user) => user.authProvider?.name === TOKEN_FILE_PROVIDER,
    applyAuthentication: async (user, options) => {
      const path = String(user.authProvider?.config?.path);
      let entry = cached.get(path);
      if (entry === undefined || now() - entry.readAtMs > READ_AGAIN_AFTER_MS) {
        entry = { token: (await readFile(path, 'utf8')).trim(), readAtMs: now() };
        cached.set(path, entry);
      }
      const headers = (options.headers ?? {}) as Record<string, string>;
      headers.Authorization = `Bearer ${entry.token}`;
      options.headers = headers;
    },
  };
};
