import type { Answer } from './status-object.ts';

/** One resource that this cluster serves; discovery promises nothing else. */
interface Resource {
  group: string;
  name: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  storageVersionHash?: string;
  subresources?: { name: string; kind: string; verbs: string[] }[];
}

const RESOURCES: Resource[] = [
  {
    group: '',
    name: 'namespaces',
    singular: 'namespace',
    kind: 'Namespace',
    namespaced: false,
    verbs: ['get', 'list'],
    shortNames: ['ns'],
    storageVersionHash: 'Q3oi5N2YM8M=',
  },
  {
    group: '',
    name: 'pods',
    singular: 'pod',
    kind: 'Pod',
    namespaced: true,
    verbs: ['delete', 'get', 'list', 'watch'],
    shortNames: ['po'],
    categories: ['all'],
    storageVersionHash: 'xPOwRZ+Yhw8=',
    subresources: [
      { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
      { name: 'log', kind: 'Pod', verbs: ['get'] },
    ],
  },
  ...['Access', 'Rules'].map((kind) => ({
    group: 'authorization.k8s.io',
    name: `selfsubject${kind.toLowerCase()}reviews`,
    singular: `selfsubject${kind.toLowerCase()}review`,
    kind: `SelfSubject${kind}Review`,
    namespaced: false,
    verbs: ['create'],
  })),
];

const GROUPS = ['authorization.k8s.io'];
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Answers the discovery paths; undefined for any other path. */
export const discovery = (
  path: string,
  accept: string | undefined,
  serverAddress: string,
): Answer | undefined => {
  const aggregated = accept?.includes('as=APIGroupDiscoveryList') ?? false;
  switch (path.replace(/\/$/, '')) {
    case '/api':
      return aggregated ? aggregatedList(['']) : { status: 200, body: apiVersions(serverAddress) };
    case '/apis':
      return aggregated ? aggregatedList(GROUPS) : { status: 200, body: groupList() };
    case '/api/v1':
      return { status: 200, body: resourceList('') };
  }
  const [, group, version] = /^\/apis\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path) ?? [];
  if (group === undefined || !GROUPS.includes(group)) return undefined;
  if (version === undefined) {
    return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) } };
  }
  return version === 'v1' ? { status: 200, body: resourceList(group) } : undefined;
};

const aggregatedList = (groups: string[]): Answer => ({
  status: 200,
  contentType: AGGREGATED,
  headers: { 'cache-control': 'public', vary: 'Accept' },
  body: {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: [
        {
          version: 'v1',
          resources: resourcesOf(group).map(aggregatedResource(group)),
          freshness: 'Current',
        },
      ],
    })),
  },
});

const resourcesOf = (group: string) => RESOURCES.filter((resource) => resource.group === group);

const aggregatedResource = (group: string) => (resource: Resource) => {
  // The core group leaves its own name and version out, the named groups do as well.
  const kindOf = (kind: string) => ({ group: '', version: '', kind });
  return {
    resource: resource.name,
    responseKind: kindOf(resource.kind),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames && { shortNames: resource.shortNames }),
    ...(resource.categories && { categories: resource.categories }),
    ...(resource.subresources && {
      subresources: resource.subresources.map(({ name, kind, verbs }) => ({
        subresource: name,
        responseKind: group === '' ? kindOf(kind) : { group, version: 'v1', kind },
        verbs,
      })),
    }),
  };
};

const apiVersions = (serverAddress: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

const groupEntry = (name: string) => {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
};

const groupList = () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(groupEntry) });

const resourceList = (group: string) => ({
  kind: 'APIResourceList',
  ...(group !== '' && { apiVersion: 'v1' }),
  groupVersion: group === '' ? 'v1' : `${group}/v1`,
  resources: resourcesOf(group).flatMap((resource) => [
    {
      name: resource.name,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames && { shortNames: resource.shortNames }),
      ...(resource.categories && { categories: resource.categories }),
      ...(resource.storageVersionHash && { storageVersionHash: resource.storageVersionHash }),
    },
    ...(resource.subresources ?? []).map(({ name, kind, verbs }) => ({
      name: `${resource.name}/${name}`,
      singularName: '',
      namespaced: resource.namespaced,
      kind,
      verbs,
    })),
  ]),
});

export const versionObject = () => ({
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.2',
  gitCommit: '$Format:%H$',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go1.26.10',
  compiler: 'gc',
  platform: 'linux/amd64',
});
