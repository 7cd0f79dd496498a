#!/usr/bin/env node
/** `npm run worker -- --cluster NAME`: serves one cluster. It holds no chat secret. */
import { Command } from 'commander';
import { ConfigError, loadConfig } from '../config.ts';
import { withHealth } from '../health/health.ts';
import { healthAddress, healthPortOption } from '../health/health-option.ts';
import { createLogger } from '../log.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { collectLessOften } from './collect-less-often.ts';
import { startWorker } from './start-worker.ts';
import { ossFromConfig } from './store/oss-from-config.ts';

const options = new Command('worker')
  .option('--config <file>', 'the config file', process.env.HEAPDUMP_CONFIG ?? 'heapdump.yaml')
  .requiredOption('--cluster <name>', 'which of the config’s clusters to serve', process.env.HEAPDUMP_CLUSTER)
  .addOption(healthPortOption())
  .parse()
  .opts<{ config: string; cluster: string; healthPort?: number }>();

collectLessOften();
await runUntilSignal(async () => {
  const config = loadConfig(options.config, process.env, 'worker');
  const cluster = config.clusters.find(({ name }) => name === options.cluster);
  if (cluster === undefined) {
    const known = config.clusters.map(({ name }) => name).join(', ');
    throw new ConfigError(options.config, [`--cluster: is "${options.cluster}"; allowed: ${known}`]);
  }
  const log = createLogger({ name: 'worker', level: config.log.level });
  return withHealth(healthAddress(config.health, options.healthPort), 'worker', (health) =>
    startWorker(config, cluster, { store: ossFromConfig(config, Date.now), now: Date.now, log, health }),
  );
});
