/** All checks at once, each with a deadline: one that hangs hides none of the others. */
import { ConfigError, type Environment, loadConfig } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { redactText } from '../redact.ts';
import { checkCluster } from './check-cluster.ts';
import { checkConfig } from './check-config.ts';
import { checkDingtalk } from './check-dingtalk.ts';
import { checkRedis } from './check-redis.ts';
import { checkSlack } from './check-slack.ts';
import { checkStore } from './check-store.ts';
import { type Finding, finding } from './finding.ts';
import type { DoctorOptions } from './options.ts';

interface Check {
  readonly what: string;
  readonly run: (signal: AbortSignal) => Promise<Finding[]>;
}

export interface DoctorDeps {
  readonly environment: Environment;
  readonly now: () => number;
  /** For each check; they run side by side. */
  readonly timeoutMs: number;
}

type Wish = Pick<DoctorOptions, 'config' | 'role' | 'cluster' | 'namespace' | 'pod'>;

/** Never throws for what it finds: that is the answer. In the order of the config. */
export async function runDoctor(wish: Wish, deps: DoctorDeps): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(wish.config, deps.environment, wish.role);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => finding('config-problem', { file: wish.config, problem }));
  }
  const found = await Promise.all(
    checksFor(config, wish, deps.now).map((check) => within(check, deps.timeoutMs)),
  );
  return [...checkConfig(config, wish.role, wish.config), ...found.flat()];
}

function checksFor(config: Config, wish: Wish, now: () => number): Check[] {
  const { slack, dingtalk } = config.chat;
  const isBot = wish.role !== 'worker';
  const isWorker = wish.role !== 'bot';
  const checks: Check[] = [{ what: 'redis', run: () => checkRedis(config.redis.url, now) }];
  if (isBot && slack !== undefined)
    checks.push({ what: 'slack', run: (signal) => checkSlack(slack, signal) });
  if (isBot && dingtalk !== undefined)
    checks.push({ what: 'dingtalk', run: (signal) => checkDingtalk(dingtalk, signal) });
  if (isWorker) checks.push(...clusterChecks(config, wish));
  checks.push({ what: 'store', run: (signal) => checkStore(config, wish.role, now, signal) });
  return checks;
}

function clusterChecks(config: Config, wish: Wish): Check[] {
  const meant = config.clusters.filter(({ name }) => wish.cluster === undefined || wish.cluster === name);
  if (meant.length === 0) {
    const allowed = config.clusters.map(({ name }) => name).join(', ');
    const unknown = finding('config-unknown-cluster', { cluster: wish.cluster ?? '', allowed });
    return [{ what: 'cluster', run: async () => [unknown] }];
  }
  return meant.map((cluster) => ({
    what: `cluster ${cluster.name}`,
    run: (signal) => checkCluster({ config, cluster, namespaces: wish.namespace, pod: wish.pod }, signal),
  }));
}

async function within({ what, run }: Check, timeoutMs: number): Promise<Finding[]> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => {
      stop.abort();
      resolve([finding('check-timed-out', { what, seconds: String(Math.round(timeoutMs / 1000)) })]);
    }, timeoutMs);
  });
  const broke = (error: unknown): Finding[] => {
    const reason = redactText(error instanceof Error ? error.message : String(error));
    return [finding('check-broke', { what, reason })];
  };
  try {
    return await Promise.race([run(stop.signal).catch(broke), late]);
  } finally {
    clearTimeout(timer);
  }
}
