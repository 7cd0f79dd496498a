// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the config’s own syntax
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, type Environment, loadConfig, parseConfig, type Role } from '../../src/config.ts';
import type { Config } from '../../src/config-schema.ts';

const smallest = () => ({
  redis: { url: 'redis://127.0.0.1:6379' },
  chat: { slack: { botToken: 'xoxb-1', appToken: 'xapp-1' } },
  clusters: [{ name: 'cn-1', inCluster: true }],
  store: { bucket: 'dumps', region: 'oss-cn-hangzhou', endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' },
});
const aRule = (changes: object = {}) => ({
  name: 'prod',
  namespaces: ['prod'],
  request: ['everyone'],
  review: 'none',
  ...changes,
});

const parsed = (config: object | string, environment: Environment = {}, role: Role = 'both'): Config =>
  parseConfig(typeof config === 'string' ? config : stringify(config), environment, role);

function problemsOf(use: () => unknown): readonly string[] {
  try {
    use();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('The config was taken');
}
const problemsIn = (config: object | string, environment: Environment = {}, role: Role = 'both') =>
  problemsOf(() => parsed(config, environment, role));

describe('a config', () => {
  it('needs little: the rest has defaults', () => {
    const config = parsed(smallest());

    expect(config.rules).toEqual([]);
    expect(config.download).toEqual({ link: 'thread', lifetime: 86_400_000 });
    expect(config.worker).toMatchObject({
      dumpTool: 'jmap-dump-tool',
      partSizeMiB: 16,
      dumpTimeout: 1_800_000,
    });
    expect(config.chat.slack).toMatchObject({ mode: 'socket', command: '/heapdump', language: 'en' });
    expect(config.clusters[0]).toMatchObject({ subprotocol: 'v4', dumpsAtOnce: 4 });
    expect(config.store).toMatchObject({ signatureVersion: 'v4', storageClass: 'Standard' });
  });

  it('is frozen all the way down', () => {
    const config = parsed({ ...smallest(), rules: [aRule()] });

    for (const part of [
      config,
      config.redis,
      config.clusters,
      config.clusters[0],
      config.rules[0]?.namespaces,
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('lets nobody do anything where it has no rules', () => {
    expect(parsed(smallest()).rules).toEqual([]);
  });

  it('has reviews with one approval by somebody else within half an hour, unless told otherwise', () => {
    const { rules } = parsed({ ...smallest(), rules: [aRule({ review: { by: ['slack:U0BOB'] } })] });

    expect(rules[0]).toMatchObject({
      clusters: ['*'],
      pods: ['*'],
      review: { by: ['slack:U0BOB'], approvals: 1, selfApproval: false, expireAfter: 1_800_000 },
      download: ['requester', 'reviewers'],
      cancel: ['requester', 'reviewers'],
    });
  });

  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
  ])('takes a duration such as %s as milliseconds', (text, ms) => {
    const worker = { drainTimeout: text };

    if (ms < 1000) expect(problemsIn({ ...smallest(), worker })).toHaveLength(1);
    else expect(parsed({ ...smallest(), worker }).worker.drainTimeout).toBe(ms);
  });
});

describe('a value from elsewhere', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'heapdump-config-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is taken from the environment, also as a part of a text', () => {
    const config = { ...smallest(), redis: { url: 'redis://:${REDIS_PASSWORD}@${REDIS_HOST}:6379' } };

    expect(parsed(config, { REDIS_PASSWORD: 'pw', REDIS_HOST: 'redis' }).redis.url).toBe(
      'redis://:pw@redis:6379',
    );
  });

  it('is taken from a file, without its last line end', async () => {
    const file = join(dir, 'token');
    await writeFile(file, 'xoxb-from-file\r\n');

    const config = { ...smallest(), chat: { slack: { botToken: `\${file:${file}}`, appToken: 'xapp-1' } } };
    expect(parsed(config).chat.slack?.botToken).toBe('xoxb-from-file');
  });

  it('is not looked through for further values: a password may have ${X} in it', () => {
    const config = { ...smallest(), store: { ...smallest().store, region: '${REGION}' } };

    expect(parsed(config, { REGION: '${HOME}$&' }).store.region).toBe('${HOME}$&');
  });

  it('that is missing is named by its key, all of them at once', () => {
    const config = {
      ...smallest(),
      redis: { url: '${REDIS_URL}' },
      chat: { slack: { botToken: `\${file:${join(dir, 'none')}}`, appToken: '${EMPTY}' } },
    };

    expect(problemsIn(config, { EMPTY: '' })).toEqual([
      'redis.url: the environment variable REDIS_URL is not set',
      `chat.slack.botToken: the file ${join(dir, 'none')} cannot be read (ENOENT)`,
      'chat.slack.appToken: the environment variable EMPTY is not set',
    ]);
  });

  it('is not asked for where this process has no use for it', () => {
    const config = {
      ...smallest(),
      chat: { slack: { botToken: '${BOT_TOKEN}', appToken: '${APP_TOKEN}' } },
      store: {
        ...smallest().store,
        uploadCredentials: { accessKeyId: '${UP_ID}', accessKeySecret: '${UP_SECRET}' },
        downloadCredentials: { accessKeyId: '${DOWN_ID}', accessKeySecret: '${DOWN_SECRET}' },
      },
    };
    const bots = { BOT_TOKEN: 'b', APP_TOKEN: 'a', DOWN_ID: 'd', DOWN_SECRET: 'd' };
    const workers = { UP_ID: 'u', UP_SECRET: 'u' };

    expect(parsed(config, bots, 'bot').store.uploadCredentials).toBeUndefined();
    expect(parsed(config, workers, 'worker')).toMatchObject({
      chat: {},
      store: { uploadCredentials: { accessKeyId: 'u' } },
    });
    expect(parsed(config, workers, 'worker').chat.slack).toBeUndefined();
    expect(parsed(config, workers, 'worker').store.downloadCredentials).toBeUndefined();
    expect(problemsIn(config, workers, 'both')).toHaveLength(4);
  });

  it('names another dump tool by a variable of its own', () => {
    expect(parsed(smallest(), { JMAP_DUMP_TOOL_NAME: 'our-tool' }).worker.dumpTool).toBe('our-tool');
    expect(parsed(smallest(), { JMAP_DUMP_TOOL_NAME: '' }).worker.dumpTool).toBe('jmap-dump-tool');
    expect(problemsIn(smallest(), { JMAP_DUMP_TOOL_NAME: '../../bin/sh' })[0]).toContain('worker.dumpTool');
    expect(problemsIn(smallest(), { JMAP_DUMP_TOOL_NAME: '..' })[0]).toContain('worker.dumpTool');
  });

  it('is a file that is named where it cannot be read', () => {
    expect(problemsOf(() => loadConfig(join(dir, 'none.yaml'), {}, 'bot'))[0]).toContain('ENOENT');
  });

  it('is read from the file as from a text', async () => {
    await writeFile(join(dir, 'heapdump.yaml'), stringify(smallest()));

    expect(loadConfig(join(dir, 'heapdump.yaml'), {}, 'both')).toEqual(parsed(smallest()));
  });
});

describe('a mistake in the config', () => {
  const store = smallest().store;
  it.each<[string, object, RegExp]>([
    ['a missing key', { redis: {} }, /^redis\.url: is missing; allowed: /],
    ['a wrong value', { log: { level: 'loud' } }, /^log\.level: is "loud"; allowed: .*warn/],
    ['an unknown key', { wroker: {} }, /^wroker: unknown key/],
    ['an unknown key inside', { log: { lvl: 'info' } }, /^log\.lvl: unknown key/],
    [
      'a wrong duration',
      { download: { lifetime: '1 day' } },
      /^download\.lifetime: is "1 day"; allowed: .*24h/,
    ],
    ['a duration that is too long', { download: { lifetime: '8d' } }, /^download\.lifetime: is "8d"; .*7d/],
    ['a wrong number', { worker: { partSizeMiB: 0 } }, /^worker\.partSizeMiB: is 0; allowed: /],
    ['another database', { redis: { url: 'mysql://x' } }, /^redis\.url: has a wrong value \(not shown\)/],
    ['no clusters', { clusters: [] }, /^clusters: is \[\]; allowed: /],
    [
      'a cluster by no rule',
      { clusters: [{ name: 'CN', inCluster: true }] },
      /^clusters\.0\.name: is "CN"; /,
    ],
    [
      'a cluster nobody can reach',
      { clusters: [{ name: 'cn' }] },
      /^clusters\.0\.kubeconfig: is missing; .*inCluster/,
    ],
    [
      'a cluster that is reached in two ways',
      { clusters: [{ name: 'cn', inCluster: true, kubeconfig: '/k' }] },
      /^clusters\.0\.kubeconfig: is "\/k"; allowed: .*one of the two/,
    ],
    [
      'two clusters of one name',
      {
        clusters: [
          { name: 'cn', inCluster: true },
          { name: 'cn', inCluster: true },
        ],
      },
      /^clusters\.1\.name: is "cn"; allowed: a name that is not used twice/,
    ],
    ['two rules of one name', { rules: [aRule(), aRule()] }, /^rules\.1\.name: is "prod"; .*twice/],
    ['a rule for nobody', { rules: [aRule({ request: [] })] }, /^rules\.0\.request: /],
    [
      'a rule for no namespace',
      { rules: [aRule({ namespaces: undefined })] },
      /^rules\.0\.namespaces: is missing/,
    ],
    [
      'a person without a platform',
      { rules: [aRule({ request: ['alice'] })] },
      /^rules\.0\.request\.0: is "alice"; .*slack:U/,
    ],
    [
      'a review that nobody described',
      { rules: [aRule({ review: 'some' })] },
      /^rules\.0\.review: is "some"; allowed: 'none'/,
    ],
    ['a review by nobody', { rules: [aRule({ review: { by: [] } })] }, /^rules\.0\.review\.by: /],
    [
      'a typo in a review',
      { rules: [aRule({ review: { by: ['everyone'], aprovals: 2 } })] },
      /^rules\.0\.review\.aprovals: unknown key/,
    ],
    [
      'a role where none can be',
      { rules: [aRule({ request: ['requester'] })] },
      /^rules\.0\.request\.0: is "requester"/,
    ],
    ['a bucket by no rule', { store: { ...store, bucket: 'My_Bucket' } }, /^store\.bucket: is "My_Bucket"; /],
    [
      'socket mode without its token',
      { chat: { slack: { botToken: 'x' } } },
      /^chat\.slack\.appToken: is missing; .*xapp-/,
    ],
    [
      'http mode without its secret',
      { chat: { slack: { botToken: 'x', mode: 'http' } } },
      /^chat\.slack\.signingSecret: is missing; /,
    ],
    [
      'a word of the object key that leads elsewhere',
      { clusters: [{ name: 'cn', inCluster: true, env: { value: '..' } }] },
      /^clusters\.0\.env\.value: is "\.\."; /,
    ],
  ])('is named with key, value and what is allowed: %s', (_what, changes, problem) => {
    const problems = problemsIn({ ...smallest(), ...changes });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it('does not hide the next one', () => {
    const problems = problemsIn({ ...smallest(), redis: {}, log: { level: 'loud' }, extra: 1 });

    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'extra',
      'log.level',
      'redis.url',
    ]);
  });

  it('may be an empty file, or one that is no mapping', () => {
    expect(problemsIn('').length).toBeGreaterThan(0);
    expect(problemsIn('- a\n- b\n').length).toBeGreaterThan(0);
    expect(problemsIn('just words').length).toBeGreaterThan(0);
  });

  it.each([
    ['a bracket that is open', 'rules: [a'],
    ['a key that stands twice', 'log: {level: info}\nlog: {level: warn}'],
    ['a glob without quotes, which YAML takes for an alias', 'rules:\n  - pods: [*-api]'],
    ['a star without quotes', 'rules:\n  - pods: [*]'],
    ['a text of two documents', 'a: 1\n---\nb: 2'],
  ])('may be in the YAML itself: %s', (_what, text) => {
    expect(problemsIn(text)[0]).toMatch(/^not YAML: /);
  });
});

describe('a secret in a config with a mistake', () => {
  const SECRET = 'hunter2-s3cret';
  it.each<[string, object]>([
    ['the URL of Redis', { redis: { url: `mysql://:${SECRET}@redis` } }],
    ['the URL of Redis, a level too high', { redis: `redis://:${SECRET}@redis` }],
    ['a token of the wrong kind', { chat: { slack: { botToken: [SECRET], appToken: 'x' } } }],
    ['a token, a level too high', { chat: { slack: SECRET } }],
    [
      'credentials that mix two ways',
      { store: { ...smallest().store, uploadCredentials: { file: '/f', accessKeySecret: SECRET } } },
    ],
    [
      'credentials with half of them missing',
      { store: { ...smallest().store, uploadCredentials: { accessKeySecret: SECRET } } },
    ],
    ['credentials, a level too high', { store: { ...smallest().store, downloadCredentials: SECRET } }],
    [
      'a list of credentials',
      { store: { ...smallest().store, downloadCredentials: [{ accessKeySecret: SECRET }] } },
    ],
    ['a section that is a list', { chat: [{ slack: { botToken: SECRET } }] }],
    ['a whole file that is a list', [{ redis: { url: SECRET } }]],
  ])('is not shown: %s', (_what, changes) => {
    const problems = problemsIn(Array.isArray(changes) ? changes : { ...smallest(), ...changes });

    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(SECRET);
  });

  it('is not shown where the YAML is broken', () => {
    const text = `redis:\n  url: "redis://:${SECRET}@redis\nchat: {slack: ${SECRET}: : x]`;

    expect(problemsIn(text).join('\n')).not.toContain(SECRET);
  });
});
