#!/usr/bin/env node
/** `npm start`: the bot and a worker for each cluster in one process, for a small team. */
import { Command } from 'commander';
import { createPlatforms } from './bot/create-platforms.ts';
import { startBot } from './bot/start-bot.ts';
import { loadConfig } from './config.ts';
import { credentialsFromConfig } from './credentials-from-config.ts';
import { withHealth } from './health/health.ts';
import { healthAddress, healthPortOption } from './health/health-option.ts';
import { createLogger } from './log.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { collectLessOften } from './worker/collect-less-often.ts';
import { startWorker } from './worker/start-worker.ts';
import { ossFromConfig } from './worker/store/oss-from-config.ts';

const options = new Command('heapdump-bot')
  .option('--config <file>', 'the config file', process.env.HEAPDUMP_CONFIG ?? 'heapdump.yaml')
  .addOption(healthPortOption())
  .parse()
  .opts<{ config: string; healthPort?: number }>();

collectLessOften();
await runUntilSignal(async () => {
  const config = loadConfig(options.config, process.env, 'both');
  const log = createLogger({ name: 'heapdump', level: config.log.level });
  const store = ossFromConfig(config, Date.now);
  return withHealth(healthAddress(config.health, options.healthPort), 'both', async (health) => {
    // Workers first: whoever asks the moment the bot is up gets an answer.
    const workers = await Promise.all(
      config.clusters.map((cluster) => startWorker(config, cluster, { store, now: Date.now, log, health })),
    );
    const bot = await startBot(config, {
      platforms: createPlatforms(config, { log, now: Date.now }),
      downloadCredentials: credentialsFromConfig(config, 'downloadCredentials', Date.now),
      log,
      now: Date.now,
      reconcileEveryMs: 15_000,
      health,
    });
    return {
      async stop() {
        await bot.stop();
        await Promise.all(workers.map((worker) => worker.stop()));
      },
    };
  });
});
