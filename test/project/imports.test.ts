import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectDir } from './project-files.ts';

/** Rule and way of each import that goes where it may not. */
async function violationsIn(baseDir: string): Promise<string[]> {
  const text = await readFile(join(projectDir, '.dependency-cruiser.json'), 'utf8');
  const { forbidden, options } = JSON.parse(text) as {
    forbidden: IForbiddenRuleType[];
    options: ICruiseOptions;
  };
  // The fixtures have no tsconfig of their own, nor do our imports need one to be found.
  const { tsConfig: _, ...rest } = options;
  const { output } = await cruise(['src'], {
    ...rest,
    baseDir,
    validate: true,
    ruleSet: { forbidden },
  });
  const { violations } = (output as ICruiseResult).summary;
  return violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
}

describe('imports run one way', () => {
  it('in all of src', async () => {
    expect(await violationsIn(projectDir)).toEqual([]);
  });
});

describe('an import that runs the wrong way is found', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heapdump-imports-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** @param files path → the paths that it imports */
  async function tree(files: Record<string, string[]>): Promise<void> {
    const wanted = new Map(Object.entries(files));
    for (const target of Object.values(files).flat())
      if (target.startsWith('.') && !wanted.has(target)) wanted.set(target, []);
    for (const [path, imports] of wanted) {
      const place = join(folder, path);
      await mkdir(dirname(place), { recursive: true });
      const up = '../'.repeat(path.split('/').length - 1);
      const lines = imports.map((target, i) =>
        target.startsWith('src/')
          ? `import { x as x${i} } from '${up === '' ? './' : up}${target}';`
          : `import x${i} from '${target}';`,
      );
      await writeFile(place, `${lines.join('\n')}\nexport const x = 1;\n`);
      for (const target of imports.filter((name) => name.startsWith('src/') && !wanted.has(name))) {
        await mkdir(dirname(join(folder, target)), { recursive: true });
        await writeFile(join(folder, target), 'export const x = 1;\n', { flag: 'a' });
      }
    }
  }

  const wrongWays: [rule: string, from: string, to: string][] = [
    ['bot-knows-only-the-contract', 'src/bot/enqueue.ts', 'src/worker/lease.ts'],
    ['bot-without-cluster', 'src/bot/policy.ts', 'src/k8s/pods.ts'],
    ['worker-without-bot', 'src/worker/lease.ts', 'src/bot/audit.ts'],
    ['k8s-alone', 'src/k8s/pods.ts', 'src/worker/dump-job.ts'],
    ['k8s-alone', 'src/k8s/pods.ts', 'src/log.ts'],
    ['demo-speaks-wire-protocols', 'src/demo/slack/web-api.ts', 'src/bot/command.ts'],
    ['demo-speaks-wire-protocols', 'src/demo/play.ts', 'src/worker/dump-job.ts'],
    ['health-alone', 'src/health/health.ts', 'src/bot/audit.ts'],
    ['doctor-on-top', 'src/bot/start-bot.ts', 'src/doctor/check-redis.ts'],
    ['product-without-demo', 'src/worker/lease.ts', 'src/demo/redis-server.ts'],
    ['leaf-files', 'src/config.ts', 'src/worker/dump-job.ts'],
    ['platform-behind-its-port', 'src/bot/review.ts', 'src/bot/chat/slack/blocks.ts'],
    ['platform-behind-its-port', 'src/bot/chat/message.ts', 'src/bot/chat/slack/blocks.ts'],
    ['platforms-apart', 'src/bot/chat/dingtalk/cards.ts', 'src/bot/chat/slack/blocks.ts'],
  ];

  it.each(wrongWays)('%s: %s → %s', async (rule, from, to) => {
    await tree({ [from]: [to] });

    expect(await violationsIn(folder)).toEqual([`${rule}: ${from} → ${to}`]);
  });

  it('a circle', async () => {
    await tree({ 'src/bot/a.ts': ['src/bot/b.ts'], 'src/bot/b.ts': ['src/bot/a.ts'] });

    const found = await violationsIn(folder);
    expect(found).not.toEqual([]);
    expect(found.every((line) => line.startsWith('no-circles: '))).toBe(true);
  });

  it('a package that the image does not have', async () => {
    await tree({ 'src/bot/a.ts': ['only-here'] });
    await writeFile(join(folder, 'package.json'), '{ "devDependencies": { "only-here": "1.0.0" } }');
    await mkdir(join(folder, 'node_modules/only-here'), { recursive: true });
    await writeFile(join(folder, 'node_modules/only-here/index.js'), 'module.exports = 1;\n');
    await writeFile(join(folder, 'node_modules/only-here/package.json'), '{ "name": "only-here" }');

    expect(await violationsIn(folder)).toEqual([
      'no-package-of-development: src/bot/a.ts → node_modules/only-here/index.js',
    ]);
  });

  it('and the ways that are meant to be are left alone', async () => {
    await tree({
      'src/main.ts': ['src/bot/start-bot.ts', 'src/worker/start-worker.ts', 'src/bot/create-platforms.ts'],
      'src/bot/dump-queues.ts': ['src/worker/lookup-job.ts'],
      'src/restore.ts': ['src/bot/restore-requests.ts', 'src/worker/store/oss-from-config.ts'],
      'src/bot/restore-requests.ts': ['src/worker/manifest.ts'],
      'src/bot/start-bot.ts': ['src/worker/dump-job.ts', 'src/config.ts', 'src/bot/chat/message.ts'],
      'src/bot/create-platforms.ts': ['src/bot/chat/slack/slack-platform.ts'],
      'src/bot/chat/slack/slack-platform.ts': ['src/bot/chat/slack/blocks.ts', 'src/bot/chat/message.ts'],
      'src/worker/start-worker.ts': ['src/k8s/pods.ts', 'src/log.ts', 'src/worker/dump-job.ts'],
      'src/demo/main.ts': ['src/bot/start-bot.ts', 'src/demo/slack/web-api.ts'],
      'src/config.ts': ['src/log.ts'],
      'src/health/health.ts': ['src/log.ts'],
      'src/bot/bot-metrics.ts': ['src/health/health.ts'],
      'src/doctor/check-store.ts': [
        'src/bot/download-link.ts',
        'src/worker/store/oss-from-config.ts',
        'src/k8s/permissions.ts',
      ],
    });

    expect(await violationsIn(folder)).toEqual([]);
  });
});
