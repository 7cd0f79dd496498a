#!/usr/bin/env node
/** `npm run restore`: fills a new Redis from the manifests in the bucket. Reads the bucket, and speaks to nobody. */
import { Command } from 'commander';
import { onOneLine } from './bot/chat/shown-text.ts';
import { targetText } from './bot/messages/replies.ts';
import { createRequestStore } from './bot/request-store.ts';
import { type RestoreStep, restoreRequests, type SkipReason } from './bot/restore-requests.ts';
import { loadConfig } from './config.ts';
import { connectRedis } from './redis.ts';
import { ossFromConfig } from './worker/store/oss-from-config.ts';

const options = new Command('restore')
  .description(
    'Fills Redis from the manifests in the bucket. Exit code: 0, 1 if it could not be done, 2 if some were skipped.',
  )
  .option('--config <file>', 'the config file', process.env.HEAPDUMP_CONFIG ?? 'heapdump.yaml')
  .option('--prefix <prefix>', 'only what lies below it in the bucket', '')
  .option('--dry-run', 'only say what would be done', false)
  .parse()
  .opts<{ config: string; prefix: string; dryRun: boolean }>();

const WHY: Readonly<Record<SkipReason, string>> = {
  'too-large': 'too large for a manifest',
  'not-a-manifest': 'not a manifest',
  'newer-version': 'written by a newer version: restore it with that one',
  'foreign-key': 'signed with a key that is not in store.manifestKeys: add the key, if it is one of yours',
  tampered: 'was changed after it was signed',
  malformed: 'says what no manifest says',
  'wrong-place': 'does not belong to the dump beside it',
  unreadable: 'the bucket does not give it out',
  'dump-gone': 'its dump is gone: deleted, or expired by a lifecycle rule',
  'dump-differs': 'its dump is another one',
  'dump-of-another': 'its dump says that it is of another request',
};

const say = (line: string): void => void process.stdout.write(`${onOneLine(line)}\n`);

function told(step: RestoreStep): string {
  switch (step.kind) {
    case 'restored':
    case 'already-there': {
      const { id, target, requester, createdAt, restored } = step.request;
      const unsigned = restored?.signed === false ? '  not signed: nobody has rights from it' : '';
      const what =
        step.kind === 'already-there' ? 'already there' : options.dryRun ? 'would restore' : 'restored';
      return `${what.padEnd(13)}  ${id}  ${targetText(target)}  ${new Date(createdAt).toISOString()}  ${requester}${unsigned}`;
    }
    case 'skipped':
      return `skipped        ${step.key}: ${WHY[step.why]}${step.detail === '' ? '' : ` (${step.detail})`}`;
    case 'no-manifest':
      return `no manifest    ${step.key}`;
  }
}

async function restore(): Promise<number> {
  const config = loadConfig(options.config, process.env, 'restore');
  const { manifestKeys } = config.store;
  const redis = connectRedis(config.redis.url, 'commands');
  // What it is needed for fails, and says so.
  redis.on('error', () => undefined);
  const counts = { restored: 0, 'already-there': 0, skipped: 0, 'no-manifest': 0 };
  try {
    const steps = restoreRequests(
      {
        bucket: ossFromConfig(config, Date.now, 'downloadCredentials'),
        store: createRequestStore(redis),
        manifestKeys,
        rules: config.rules,
        now: Date.now,
      },
      options,
      new AbortController().signal,
    );
    for await (const step of steps) {
      counts[step.kind] += 1;
      say(told(step));
    }
  } finally {
    redis.disconnect();
  }
  say(
    `${options.dryRun ? 'would restore' : 'restored'} ${counts.restored}, already there ${counts['already-there']}, ` +
      `skipped ${counts.skipped}, without a manifest ${counts['no-manifest']}`,
  );
  if (manifestKeys.length === 0 && counts.restored > 0)
    say(
      'store.manifestKeys is empty: nobody gets a link by having asked for a dump, only those whom its rule names.',
    );
  return counts.skipped === 0 ? 0 : 2;
}

try {
  process.exitCode = await restore();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
