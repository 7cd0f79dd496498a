import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  AuthorizationV1Api,
  type ConfigurationOptions,
  CoreV1Api,
  KubeConfig,
  Observable,
  type ObservableMiddleware,
} from '@kubernetes/client-node';
import { parse } from 'yaml';
import { shortText } from './api-status.ts';
import { ClusterError, errorOfFailure } from './cluster-error.ts';
import { startDeadline, untilAborted } from './deadline.ts';
import { TOKEN_FILE_PROVIDER, tokenFileAuthenticator } from './token-file.ts';

export { ClusterError } from './cluster-error.ts';

export interface ConnectOptions {
  readonly kubeconfigPath?: string | undefined;
  /** A kubeconfig's text. Relative paths in it are taken from the working directory. */
  readonly kubeconfig?: string | undefined;
  /** Default: the file's current-context. */
  readonly context?: string | undefined;
  /** Use the pod's own service account. */
  readonly inCluster?: boolean | undefined;
}

/** One API server and how to prove who we are to it. Nothing was sent yet when it is made. */
export interface Cluster {
  /** For messages: scheme, host and port. */
  readonly server: string;
  readonly kubeConfig: KubeConfig;
  readonly core: CoreV1Api;
  readonly authorization: AuthorizationV1Api;
}

/**
 * Reads credentials the way kubectl does: certificates, tokens, token files that rotate, exec plugins and proxies are
 * the library's work. With no option at all: $KUBECONFIG, ~/.kube/config, or the pod's service account.
 * @throws ClusterError 'unreachable', not retryable
 */
export const connectCluster = (options: ConnectOptions): Cluster => {
  const kubeConfig = new KubeConfig();
  kubeConfig.addAuthenticator(tokenFileAuthenticator);
  try {
    load(kubeConfig, options);
    if (options.context !== undefined) kubeConfig.setCurrentContext(options.context);
    const found = kubeConfig.getCurrentCluster();
    if (!found?.server)
      throw new Error(`no cluster for context ${kubeConfig.getCurrentContext() || '(none)'}`);
    return {
      server: new URL(found.server).origin,
      kubeConfig,
      core: kubeConfig.makeApiClient(CoreV1Api),
      authorization: kubeConfig.makeApiClient(AuthorizationV1Api),
    };
  } catch (cause) {
    const why = shortText(cause instanceof Error ? cause.message : String(cause));
    throw new ClusterError('unreachable', `Cannot use this kubeconfig: ${why}`, { cause, retryable: false });
  }
};

const load = (kubeConfig: KubeConfig, options: ConnectOptions): void => {
  if (options.inCluster) {
    kubeConfig.loadFromCluster();
    if (kubeConfig.getCurrentCluster()?.server.includes('//undefined'))
      throw new Error('not inside a cluster');
  } else if (options.kubeconfig !== undefined) {
    kubeConfig.loadFromString(options.kubeconfig);
    useTokenFiles(kubeConfig, options.kubeconfig, '.');
  } else if (options.kubeconfigPath !== undefined) {
    kubeConfig.loadFromFile(options.kubeconfigPath);
    useTokenFiles(
      kubeConfig,
      readFileSync(options.kubeconfigPath, 'utf8'),
      path.dirname(options.kubeconfigPath),
    );
  } else {
    kubeConfig.loadFromDefault();
  }
};

/** In a kubeconfig `tokenFile` goes before `token`. */
const useTokenFiles = (kubeConfig: KubeConfig, text: string, folder: string): void => {
  const parsed = parse(text) as { users?: { name?: string; user?: { tokenFile?: unknown } }[] } | null;
  for (const { name, user } of parsed?.users ?? []) {
    if (typeof user?.tokenFile !== 'string') continue;
    const index = kubeConfig.users.findIndex((known) => known.name === name);
    const known = kubeConfig.users[index];
    if (known === undefined) continue;
    const { token: _unused, ...rest } = known;
    kubeConfig.users[index] = {
      ...rest,
      authProvider: { name: TOKEN_FILE_PROVIDER, config: { path: path.resolve(folder, user.tokenFile) } },
    };
  }
};

const CALL_TIMEOUT_MS = 20_000;

/**
 * One call with a deadline.
 * @param action verb and resource, for errors: 'get pods'
 * @throws ClusterError
 */
export const callApi = async <T>(
  action: string,
  call: (options: ConfigurationOptions<ObservableMiddleware>) => Promise<T>,
  signal: AbortSignal | undefined,
  timeoutMs = CALL_TIMEOUT_MS,
): Promise<T> => {
  const deadline = startDeadline(timeoutMs, signal);
  const middleware: ObservableMiddleware = {
    pre: (context) => {
      context.setSignal(deadline.signal);
      return new Observable(Promise.resolve(context));
    },
    post: (context) => new Observable(Promise.resolve(context)),
  };
  try {
    // Authentication (an exec plugin, say) comes before the request and knows no signal: hence the race.
    return await untilAborted(
      call({ middleware: [middleware], middlewareMergeStrategy: 'append' }),
      deadline.signal,
    );
  } catch (thrown) {
    if (deadline.timedOut())
      throw new ClusterError('timed-out', `The cluster did not answer within ${timeoutMs} ms: ${action}`, {
        cause: thrown,
      });
    if (deadline.signal.aborted) throw new ClusterError('aborted', `Stopped: ${action}`, { cause: thrown });
    throw errorOfFailure(thrown, action);
  } finally {
    deadline.end();
  }
};
