import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';

/** The library does not export its name. */
type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** Our name for it in a user's authProvider, next to the library's own. */
export const TOKEN_FILE_PROVIDER = 'heapdump-token-file';

/**
 * kubeconfig's `tokenFile`, which @kubernetes/client-node 2.0.1 ignores (it reads `token-file`, once, at load).
 * Read anew for each request: the file is small, and whoever rotates tokens does not tell us.
 */
export const tokenFileAuthenticator: Authenticator = {
  isAuthProvider: (user) => user.authProvider?.name === TOKEN_FILE_PROVIDER,
  applyAuthentication: async (user, options) => {
    const token = await readFile(String(user.authProvider?.config?.path), 'utf8');
    const headers = (options.headers ?? {}) as Record<string, string>;
    headers.Authorization = `Bearer ${token.trim()}`;
    options.headers = headers;
  },
};
