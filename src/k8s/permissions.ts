import { type Cluster, callApi } from './client.ts';

export interface Permission {
  readonly verb: 'get' | 'list' | 'create';
  /** As in a Role. */
  readonly resource: 'pods' | 'pods/exec' | 'namespaces';
  /** Why we need it, for README, Role and error. */
  readonly reason: string;
  /** Things still work without it, with less comfort. */
  readonly optional: boolean;
}

/** All that a worker needs in the namespaces it serves. The Role in the deployment manifests grants exactly these. */
export const REQUIRED_PERMISSIONS: readonly Permission[] = [
  {
    verb: 'get',
    resource: 'pods',
    reason: 'to find the pod and to see whether it is still the approved one',
    optional: false,
  },
  { verb: 'get', resource: 'pods/exec', reason: 'exec over a WebSocket begins with a GET', optional: false },
  {
    verb: 'create',
    resource: 'pods/exec',
    reason: 'asked for as well from Kubernetes 1.35 on',
    optional: false,
  },
  {
    verb: 'list',
    resource: 'pods',
    reason: 'to offer pods and containers in the form; without it people type their names',
    optional: true,
  },
];

/** By a ClusterRole. Without it the form offers the namespaces that rules name without a wildcard. */
export const CLUSTER_WIDE_PERMISSIONS: readonly Permission[] = [
  { verb: 'list', resource: 'namespaces', reason: 'to offer namespaces in the form', optional: true },
];

export interface MissingPermission extends Permission {
  readonly namespace: string;
}

/**
 * Asks the API server what we may do (SelfSubjectAccessReview, which everybody may ask).
 * @returns what is missing, optional ones too
 * @throws ClusterError
 */
export const checkPermissions = async (
  cluster: Cluster,
  namespaces: readonly string[],
  signal?: AbortSignal,
): Promise<MissingPermission[]> => {
  const missing: MissingPermission[] = [];
  for (const namespace of namespaces) {
    for (const permission of REQUIRED_PERMISSIONS) {
      const [resource = '', subresource] = permission.resource.split('/');
      const resourceAttributes = {
        namespace,
        verb: permission.verb,
        group: '',
        resource,
        ...(subresource === undefined ? {} : { subresource }),
      };
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const review = await callApi(
        'create selfsubjectaccessreviews',
        (options) => cluster.authorization.createSelfSubjectAccessReview({ body }, options),
        signal,
      );
      if (review.status?.allowed !== true) missing.push({ ...permission, namespace });
    }
  }
  return missing;
};
