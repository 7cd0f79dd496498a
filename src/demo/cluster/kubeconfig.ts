import { stringify } from 'yaml';

/** A kubeconfig file (YAML) for one user; the token in it is a secret of this cluster's life. */
export const kubeconfig = (cluster: { url: string; caPem: string; user: string; token: string }): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'demo',
        cluster: {
          server: cluster.url,
          'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: cluster.user, user: { token: cluster.token } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: cluster.user } }],
    'current-context': 'demo',
  });
