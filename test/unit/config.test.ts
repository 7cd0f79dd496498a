// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the config’s own syntax
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import { aRule, parsed, problemsIn, problemsOf, smallest } from './a-config.ts';

describe('a config', () => {
  it('needs little: the rest has defaults', () => {
    const config = parsed(smallest());

    expect(config.rules).toEqual([]);
    expect(config.download).toEqual({ link: 'thread', lifetime: 86_400_000 });
    expect(config.transfer).toEqual({ via: 'auto', compress: 'auto' });
    expect(config.worker).toMatchObject({
      dumpTool: 'jmap-dump-tool',
      partSizeMiB: 8,
      transferMemoryMiB: 128,
      lanes: 4,
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
      review: {
        by: ['slack:U0BOB'],
        approvals: 1,
        selfApproval: false,
        expireAfter: 1_800_000,
        announce: [],
      },
      download: ['requester', 'reviewers'],
      cancel: ['requester', 'reviewers'],
      allow: { podCpu: false, noDisk: 'never' },
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
