/** Healthy servers of every kind, and a doctor that looks at them through a config with changes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../src/config.ts';
import { type DemoCluster, startCluster } from '../../src/demo/cluster/demo-cluster.ts';
import { configText, demoConfig, mergeConfig } from '../../src/demo/demo-config.ts';
import { type StandIns, startStandIns } from '../../src/demo/stand-ins.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { runDoctor } from '../../src/doctor/run-doctor.ts';
import { tools } from '../tools.ts';

export interface Visit {
  readonly role?: Role;
  /** Goes before the healthy config, key by key. */
  readonly config?: Record<string, unknown>;
  readonly cluster?: string;
  readonly namespace?: readonly string[];
  readonly pod?: string;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

export interface DoctorWorld extends StandIns {
  readonly workDir: string;
  readonly cluster: DemoCluster;
  /** A kubeconfig of this user of the cluster. */
  kubeconfig(user: string): Promise<string>;
  configFile(changes?: Record<string, unknown>): Promise<string>;
  visit(visit?: Visit): Promise<Finding[]>;
  /** Only what is not fine. */
  complaints(visit?: Visit): Promise<Finding[]>;
}

export async function startDoctorWorld(): Promise<DoctorWorld> {
  const workDir = await mkdtemp(join(tmpdir(), 'heapdump-doctor-'));
  const standIns = await startStandIns(tools(), workDir, { dingtalk: { cards: true } });
  const cluster = await startCluster({
    workDir: join(workDir, 'cluster'),
    users: {
      helpful: [
        { namespaces: ['prod'], verbs: ['get', 'list'], resources: ['pods'] },
        { namespaces: ['prod'], verbs: ['get', 'create'], resources: ['pods/exec'] },
        { namespaces: ['*'], verbs: ['list'], resources: ['namespaces'] },
      ],
    },
  });
  const kubeconfig = async (user: string): Promise<string> => {
    const file = join(workDir, `kubeconfig-${user}`);
    await writeFile(file, cluster.kubeconfig(user), { mode: 0o600 });
    return file;
  };
  const { slack, office, oss, redis } = standIns;
  const base = mergeConfig(
    demoConfig({
      redisUrl: redis.url,
      slack: {
        apiUrl: slack.apiUrl,
        botToken: slack.botToken,
        appToken: slack.appToken,
        signingSecret: slack.signingSecret,
      },
      dingtalk: office,
      cluster: { name: 'demo', kubeconfig: await kubeconfig('helpful') },
      oss: {
        bucket: oss.bucket,
        region: oss.region,
        endpoint: oss.endpoint,
        upload: oss.accessKeys.upload,
        download: oss.accessKeys.download,
      },
      reviewersGroup: `slack:group:${standIns.reviewers.id}`,
      logLevel: 'silent',
    }),
    {
      store: { serverSideEncryption: 'AES256' },
      rules: [{ name: 'prod', namespaces: ['prod'], request: ['everyone'], review: 'none' }],
    },
  );
  let files = 0;
  const configFile = async (changes: Record<string, unknown> = {}): Promise<string> => {
    files += 1;
    const file = join(workDir, `heapdump-${files}.yaml`);
    await writeFile(file, configText(mergeConfig(base, changes)), { mode: 0o600 });
    return file;
  };
  const visit = async (wish: Visit = {}): Promise<Finding[]> => {
    const { role = 'both', config, namespace = [], timeoutMs = 30_000, now = Date.now, ...rest } = wish;
    return runDoctor(
      { config: await configFile(config), role, namespace, ...rest },
      { environment: {}, now, timeoutMs },
    );
  };
  return {
    ...standIns,
    workDir,
    cluster,
    kubeconfig,
    configFile,
    visit,
    complaints: async (wish) => (await visit(wish)).filter(({ verdict }) => verdict !== 'ok'),
    async stop() {
      await cluster.stop();
      await standIns.stop();
      await rm(workDir, { recursive: true, force: true });
    },
  };
}
