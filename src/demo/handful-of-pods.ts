/** The pods of the demo page's cluster: what the bot is for, and what stands in its way in real clusters. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AccessRule, ContainerSpec, DemoCluster, DemoPod } from './cluster/demo-cluster.ts';
import { buildJre, compileJava } from './java/compile.ts';
import type { PodKind } from './page/page-state.ts';
import type { Tools } from './set-up/debian-tools.ts';
import { podWithCurl } from './set-up/pod-curl.ts';

export interface ShownPod {
  readonly pod: DemoPod;
  readonly shows: PodKind;
  /** Where its containers write what they say. */
  readonly stdoutFile: string;
}

export interface HandfulOptions {
  readonly tools: Tools;
  readonly workDir: string;
  readonly cacheDir: string;
  /** MB that the leaking service has leaked. */
  readonly leakMb: number;
}

interface Plan {
  readonly shows: PodKind;
  readonly namespace: string;
  readonly app: string;
  readonly suffix: string;
  /** Each is a class of java/Services.java; all of a pod run in its one container. */
  readonly services: readonly string[];
  readonly heapMb: number;
  readonly flags?: readonly string[];
  readonly container?: Partial<ContainerSpec>;
}

const READY_TIMEOUT_MS = 60_000;

const NAMESPACES = ['prod', 'dev'];

/** As deploy/kubernetes.yaml gives them, with what is optional there. */
const WORKER_RIGHTS: AccessRule[] = [
  { namespaces: NAMESPACES, verbs: ['get', 'list'], resources: ['pods'] },
  { namespaces: NAMESPACES, verbs: ['get', 'create'], resources: ['pods/exec'] },
  { namespaces: ['*'], verbs: ['list'], resources: ['namespaces'] },
];

/** Resolves when the heaps are filled. */
export async function addHandfulOfPods(cluster: DemoCluster, options: HandfulOptions): Promise<ShownPod[]> {
  const { tools, cacheDir } = options;
  cluster.setUser('worker', WORKER_RIGHTS);
  const source = (name: string): string => fileURLToPath(new URL(`java/${name}`, import.meta.url));
  const [classes, jre] = await Promise.all([
    compileJava({ tools, sources: [source('Leak.java'), source('Services.java')], outDir: cacheDir }),
    buildJre({ tools, outDir: cacheDir, modules: ['java.base'] }),
  ]);
  return await Promise.all(
    plans(options.leakMb).map((plan) => addPod(cluster, options, { plan, classes, jre })),
  );
}

const plans = (leakMb: number): Plan[] => [
  {
    shows: 'leaking',
    namespace: 'prod',
    app: 'order-service',
    suffix: '7d9f8-x2x4k',
    services: ['OrderService'],
    heapMb: leakMb,
  },
  {
    shows: 'two-jvms',
    namespace: 'prod',
    app: 'checkout',
    suffix: '5c6b4-m8qzt',
    services: ['CheckoutService', 'ReportWorker'],
    heapMb: 24,
  },
  {
    shows: 'hardened',
    namespace: 'prod',
    app: 'ledger',
    suffix: '6f7dd-9wkpl',
    services: ['LedgerService'],
    heapMb: 40,
    container: { uid: 1000, gid: 1000, readOnlyRoot: true, emptyDirs: ['/tmp'] },
  },
  {
    shows: 'no-tools',
    namespace: 'prod',
    app: 'mail',
    suffix: '58c9b-t4hrv',
    services: ['MailService'],
    heapMb: 16,
    // This machine's own: the containers share its /usr.
    container: {
      hidden: ['jcmd', 'jmap', 'jps', 'jattach'].map((name) => `/usr/bin/${name}`).concat('/usr/lib/jvm'),
    },
  },
  {
    shows: 'no-attach',
    namespace: 'prod',
    app: 'vault',
    suffix: '7b5f6-c2ndj',
    services: ['VaultService'],
    heapMb: 16,
    flags: ['-XX:+DisableAttachMechanism'],
  },
  {
    shows: 'no-review',
    namespace: 'dev',
    app: 'search',
    suffix: '84d5c-g7xbn',
    services: ['SearchService'],
    heapMb: 32,
  },
];

interface Made {
  readonly plan: Plan;
  /** Folders. */
  readonly classes: string;
  readonly jre: string;
}

async function addPod(
  cluster: DemoCluster,
  { tools, workDir }: HandfulOptions,
  { plan, classes, jre }: Made,
): Promise<ShownPod> {
  const { namespace, app, shows, services } = plan;
  const name = `${app}-${plan.suffix}`;
  const stdoutFile = join(workDir, `${name}.log`);
  const curl = podWithCurl(tools.curl);
  const pod = await cluster.addPod({
    namespace,
    name,
    labels: {
      app,
      'app.kubernetes.io/part-of': 'shop',
      env: namespace,
      'pod-template-hash': plan.suffix.slice(0, 5),
    },
    ownerReferences: [{ kind: 'ReplicaSet', name: `${app}-${plan.suffix.slice(0, 5)}` }],
    containers: [
      {
        name: 'app',
        env: tools.env,
        path: `/opt/java/bin:${curl.path}`,
        memoryLimitBytes: services.length * (plan.heapMb * 3 + 256) * 1024 * 1024,
        ...plan.container,
        command: commandOf(plan),
        mounts: [
          { hostPath: shows === 'no-tools' ? jre : tools.javaHome, mountPath: '/opt/java' },
          { hostPath: classes, mountPath: '/app' },
          ...curl.mounts,
        ],
        hidden: [...curl.hidden, ...(plan.container?.hidden ?? [])],
        stdoutFile,
      },
    ],
  });
  const readiness = () =>
    pod
      .stdout('app')
      .split('\n')
      .filter((line) => line === 'ready').length;
  const end = performance.now() + READY_TIMEOUT_MS;
  while (readiness() < services.length) {
    if (performance.now() > end)
      throw new Error(`${name} was not ready after a minute: ${pod.stdout('app').slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { pod, shows, stdoutFile };
}

/** Small heaps, and the collector that needs least: six JVMs share this machine. */
function commandOf({ services, heapMb, flags = [] }: Plan): string[] {
  const lines = services.map((service) => [
    '/opt/java/bin/java',
    `-Xmx${heapMb * 2 + 64}m`,
    '-XX:+UseSerialGC',
    ...flags,
    '-cp',
    '/app',
    service,
    String(heapMb),
    '86400',
  ]);
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return only;
  // As an entrypoint that starts a second process beside the first; the first has the lower pid.
  return ['sh', '-c', `${lines.map((line) => line.join(' ')).join(' & sleep 0.3; ')} & wait`];
}
