import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  V1ClusterRole,
  V1ConfigMap,
  V1Deployment,
  V1NetworkPolicy,
  V1PodDisruptionBudget,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/config.ts';
import {
  CLUSTER_WIDE_PERMISSIONS,
  type Permission,
  REQUIRED_PERMISSIONS,
} from '../../src/k8s/permissions.ts';
import { shapeMistakes } from './kubernetes-shape.ts';
import { projectDir, readProject } from './project-files.ts';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const documents = parseAllDocuments(readProject('deploy/kubernetes.yaml'));
const objects = documents.map((document) => document.toJS() as Named);
const all = <Kind>(kind: string): (Kind & Named)[] =>
  objects.filter((each) => each.kind === kind) as (Kind & Named)[];
const one = <Kind>(kind: string, name: string, namespace?: string): Kind & Named => {
  const [found, ...more] = all<Kind>(kind).filter(
    ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  if (found === undefined || more.length > 0) throw new Error(`not one ${kind} ${namespace ?? ''}/${name}`);
  return found;
};

const configText = one<V1ConfigMap>('ConfigMap', 'heapdump').data?.['heapdump.yaml'] ?? '';
const roles = { bot: 'heapdump-bot', worker: 'heapdump-worker' } as const;
const processes = Object.entries(roles).map(([role, name]) => {
  const deployment = one<V1Deployment>('Deployment', name);
  const pod = deployment.spec?.template.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error(`nothing runs in ${name}`);
  return { role: role as keyof typeof roles, deployment, pod, container };
});
const processOf = (role: keyof typeof roles) => {
  const found = processes.find((each) => each.role === role);
  if (found === undefined) throw new Error(role);
  return found;
};
const given = (role: keyof typeof roles) =>
  Object.fromEntries(
    (processOf(role).container.env ?? []).map(({ name, value }) => [
      name,
      value ?? (name === 'REDIS_URL' ? 'redis://redis:6379' : 'a secret that is long enough for any'),
    ]),
  );
const configOf = (role: keyof typeof roles) => parseConfig(configText, given(role), role);

describe('deploy/kubernetes.yaml', () => {
  it('is of objects that the API knows, field by field', () => {
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(objects.flatMap((each) => shapeMistakes(each.kind, each.apiVersion, each))).toEqual([]);
    expect(shapeMistakes('Role', 'rbac.authorization.k8s.io/v1', { rulez: [] })).toEqual([
      'Role.rulez: no such field',
    ]);
  });

  it('names nothing twice, and no namespace but its own and those that are served', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    const own = all('Namespace').map(({ metadata }) => metadata.name);
    const served = configOf('worker').rules.flatMap(({ namespaces }) => namespaces);

    expect(new Set(names).size).toBe(names.length);
    expect(own).toEqual(['heapdump']);
    for (const { kind, metadata } of objects)
      if (!/^(Namespace|Cluster)/.test(kind)) expect([...own, ...served]).toContain(metadata.namespace);
  });

  it('has a config that each process takes, with the variables and secrets that it is given', () => {
    expect(configOf('bot').chat.slack).toBeDefined();
    expect(configOf('worker').clusters.map(({ name }) => name)).toContain(given('worker').HEAPDUMP_CLUSTER);
    expect(configOf('worker').clusters.every(({ inCluster }) => inCluster)).toBe(true);
    expect(configOf('worker').store.serverSideEncryption).toBeDefined();
  });

  it('keeps chat and link secrets from the worker, upload secrets from the bot, and shows none', () => {
    expect(Object.keys(given('worker')).filter((name) => /SLACK|DINGTALK|DOWNLOAD/.test(name))).toEqual([]);
    expect(Object.keys(given('bot')).filter((name) => /UPLOAD|MANIFEST/.test(name))).toEqual([]);
    for (const { container } of processes)
      for (const { name, value, valueFrom } of container.env ?? []) {
        if (/TOKEN|SECRET|KEY|URL/.test(name)) expect(valueFrom?.secretKeyRef?.name).toMatch(/^heapdump-/);
        else expect(value).toBeDefined();
      }
    expect(configText).not.toMatch(/xoxb-|xapp-|LTAI/);
  });

  it('says how each secret that it wants is made', () => {
    const text = readProject('deploy/kubernetes.yaml');
    const wanted = processes.flatMap(({ container }) =>
      (container.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
    );

    expect(wanted.length).toBeGreaterThan(5);
    for (const { name, key } of wanted)
      expect(text).toMatch(new RegExp(`create secret generic ${name} .*--from-literal=${key}=`));
  });

  describe('gives the worker the least rights', () => {
    const granted = (rules: readonly V1PolicyRule[] = []): string[] =>
      rules
        .flatMap(({ apiGroups, resources, verbs, ...rest }) => {
          expect(apiGroups).toEqual(['']);
          expect(rest).toEqual({});
          return (resources ?? []).flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`));
        })
        .sort();
    const needed = (permissions: readonly Permission[]): string[] =>
      permissions.map(({ verb, resource }) => `${verb} ${resource}`).sort();

    it('a Role in each namespace that a rule names, with what permissions.ts names, and no other', () => {
      const served = [...new Set(configOf('worker').rules.flatMap(({ namespaces }) => namespaces))].sort();
      const inRoles = all<V1Role>('Role');

      expect(inRoles.map(({ metadata }) => metadata.namespace).sort()).toEqual(served);
      for (const { rules } of inRoles) expect(granted(rules)).toEqual(needed(REQUIRED_PERMISSIONS));
    });

    it('cluster-wide what permissions.ts calls so, which is nothing of a pod', () => {
      for (const { rules } of all<V1ClusterRole>('ClusterRole'))
        expect(granted(rules)).toEqual(needed(CLUSTER_WIDE_PERMISSIONS));
      expect(needed(CLUSTER_WIDE_PERMISSIONS).filter((right) => right.includes('pods'))).toEqual([]);
    });

    it('each bound to the worker alone', () => {
      const bindings = [...all<V1RoleBinding>('RoleBinding'), ...all<V1RoleBinding>('ClusterRoleBinding')];

      expect(bindings).toHaveLength(all('Role').length + all('ClusterRole').length);
      for (const { roleRef, subjects, metadata } of bindings) {
        one(roleRef.kind, roleRef.name, roleRef.kind === 'Role' ? metadata.namespace : undefined);
        expect(subjects).toEqual([
          { kind: 'ServiceAccount', name: 'heapdump-worker', namespace: 'heapdump' },
        ]);
      }
    });

    it('and the bot not even a token', () => {
      const accounts = all<V1ServiceAccount>('ServiceAccount');

      expect(accounts.map(({ automountServiceAccountToken }) => automountServiceAccountToken)).toEqual([
        false,
        false,
      ]);
      expect(
        processes.map(({ role, pod }) => [role, pod.serviceAccountName, pod.automountServiceAccountToken]),
      ).toEqual([
        ['bot', 'heapdump-bot', false],
        ['worker', 'heapdump-worker', true],
      ]);
    });
  });

  describe.each(processes)('the $role', ({ role, deployment, pod, container }) => {
    it('starts a file that the build makes', () => {
      expect(container.command?.at(-1)).toBe(`dist/${role}/main.js`);
      expect(existsSync(join(projectDir, `src/${role}/main.ts`))).toBe(true);
      expect(container.args).toBeUndefined();
    });

    it('runs as nobody in particular, writes nowhere, and may do nothing to its kernel', () => {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(readProject('Dockerfile')).toContain('USER 10001:10001');
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect([pod.hostNetwork, pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined, undefined]);
    });

    it('reads its config from where it is mounted, and nothing else is', () => {
      const [mount, ...others] = container.volumeMounts ?? [];

      expect(others).toEqual([]);
      expect(mount).toMatchObject({ name: 'config', readOnly: true });
      expect(given(role).HEAPDUMP_CONFIG).toBe(`${mount?.mountPath}/heapdump.yaml`);
      expect(pod.volumes).toEqual([{ name: 'config', configMap: { name: 'heapdump' } }]);
    });

    it('is asked for its health where it listens', () => {
      const { port } = configOf(role).health ?? {};

      expect(container.ports).toEqual([{ name: 'health', containerPort: port }]);
      expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'health' });
      expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'health' });
      expect(deployment.spec?.template.metadata?.annotations?.['prometheus.io/port']).toBe(String(port));
    });

    it('is replaced by one that is ready before it goes, and has the time to go', () => {
      expect(deployment.spec?.strategy).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      });
      // The bot lets handlers end for 20 s and its own work for 10.
      const drainMs = role === 'worker' ? configOf(role).worker.drainTimeout : 30_000;
      expect((pod.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThan(drainMs + 10_000);
    });

    it('selects its own pods, and so do its budget, its spread and its policy', () => {
      const labels = deployment.spec?.template.metadata?.labels;
      const budget = one<V1PodDisruptionBudget>('PodDisruptionBudget', deployment.metadata.name);
      const policy = one<V1NetworkPolicy>('NetworkPolicy', deployment.metadata.name);

      expect(labels?.['app.kubernetes.io/component']).toBe(role);
      expect(deployment.spec?.selector.matchLabels).toEqual(labels);
      expect(budget.spec?.selector?.matchLabels).toEqual(labels);
      expect(policy.spec?.podSelector?.matchLabels).toEqual(labels);
      expect(pod.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector?.matchLabels)).toEqual([
        labels,
      ]);
      expect(deployment.spec?.replicas).toBeGreaterThan(1);
    });
  });

  it('gives the worker the memory that its README says it needs', () => {
    const mebibytes = (quantity = '') => Number(/^(\d+)Mi$/.exec(quantity)?.[1]);
    const { resources } = processOf('worker').container;
    const need = 100 + configOf('worker').worker.transferMemoryMiB;

    expect(mebibytes(resources?.requests?.memory)).toBeGreaterThanOrEqual(need);
    expect(mebibytes(resources?.limits?.memory)).toBeGreaterThanOrEqual(need * 1.5);
  });

  describe('lets nothing in and out but', () => {
    const policies = all<V1NetworkPolicy>('NetworkPolicy');
    const ports = (name: string, way: 'ingress' | 'egress') =>
      (one<V1NetworkPolicy>('NetworkPolicy', name).spec?.[way] ?? []).flatMap((rule) =>
        (rule.ports ?? []).map(({ port }) => port),
      );

    it('what it names: everything else is denied', () => {
      expect(one<V1NetworkPolicy>('NetworkPolicy', 'default-deny').spec).toEqual({
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
      });
      for (const { spec } of policies)
        for (const rule of [...(spec?.ingress ?? []), ...(spec?.egress ?? [])]) {
          expect(rule.ports?.length).toBeGreaterThan(0);
          expect(Object.keys(rule).filter((key) => key !== 'ports')).toHaveLength(1);
        }
    });

    it('Prometheus at the health port', () => {
      expect(ports('heapdump', 'ingress')).toEqual([configOf('bot').health?.port]);
      expect(policies.filter(({ spec }) => spec?.ingress !== undefined)).toHaveLength(1);
    });

    it('names, Redis, and for the bot the internet without private addresses, for the worker its API server and OSS', () => {
      expect(ports('heapdump', 'egress')).toEqual([53, 53, 6379]);
      expect(ports('heapdump-bot', 'egress')).toEqual([443]);
      expect(ports('heapdump-worker', 'egress')).toEqual([6443, 443]);
      const blocks = (name: string) =>
        one<V1NetworkPolicy>('NetworkPolicy', name).spec?.egress?.flatMap(({ to }) => to ?? []);
      expect(blocks('heapdump-bot')?.[0]?.ipBlock?.except).toEqual(
        expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '192.168.0.0/16']),
      );
      expect(blocks('heapdump-worker')?.map(({ ipBlock }) => ipBlock?.cidr)).not.toContain('0.0.0.0/0');
    });
  });

  it('restricts what else may run in its namespace', () => {
    const text = parse(readProject('deploy/kubernetes.yaml').split('\n---\n')[0] ?? '');

    expect(text.metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });
});
