#!/usr/bin/env node
/** `npm run bot`: the bot alone. It holds chat secrets and signs links; it has no rights in any cluster. */
import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { credentialsFromConfig } from '../credentials-from-config.ts';
import { withHealth } from '../health/health.ts';
import { healthAddress, healthPortOption } from '../health/health-option.ts';
import { createLogger } from '../log.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { createPlatforms } from './create-platforms.ts';
import { startBot } from './start-bot.ts';

const options = new Command('bot')
  .option('--config <file>', 'the config file', process.env.HEAPDUMP_CONFIG ?? 'heapdump.yaml')
  .addOption(healthPortOption())
  .parse()
  .opts<{ config: string; healthPort?: number }>();

await runUntilSignal(async () => {
  const config = loadConfig(options.config, process.env, 'bot');
  const log = createLogger({ name: 'bot', level: config.log.level });
  return withHealth(healthAddress(config.health, options.healthPort), 'bot', (health) =>
    startBot(config, {
      platforms: createPlatforms(config, { log, now: Date.now }),
      downloadCredentials: credentialsFromConfig(config, 'downloadCredentials', Date.now),
      log,
      now: Date.now,
      reconcileEveryMs: 15_000,
      health,
    }),
  );
});
