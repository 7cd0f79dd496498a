import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSlack } from '../../src/demo/slack/slack-workspace.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { HISTORY_SCOPES, NEEDED_SCOPES } from '../../src/doctor/slack-scopes.ts';
import { type DoctorWorld, startDoctorWorld } from './doctor-world.ts';
import { startProxy } from './exec-proxy.ts';

let world: DoctorWorld;
beforeAll(async () => {
  world = await startDoctorWorld();
});
afterAll(() => world?.stop());

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

describe('the doctor, where everything is well', () => {
  it('says so of each part, and has nothing to complain about', async () => {
    const findings = await world.visit();

    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(codes(findings)).toEqual([
      'config-ok',
      'redis-reached',
      'redis-keeps-all',
      'redis-appends',
      'redis-commands',
      'slack-token',
      'slack-scopes',
      'slack-socket',
      'dingtalk-token',
      'dingtalk-stream',
      'cluster-reached',
      'cluster-rights',
      'cluster-exec',
      'store-reached',
      'store-upload',
      'store-part-url',
      'store-read',
      'store-encrypted',
      'store-link',
    ]);
  });

  it('leaves nothing behind: no object, no upload, no key, no word in chat, no command in a pod', async () => {
    await world.visit();

    expect(world.oss.objectKeys()).toEqual([]);
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(world.slack.messages(world.cast.channel)).toEqual([]);
    expect(world.cluster.execs).toEqual([]);
  });

  it('as a bot needs neither a cluster nor the credentials for uploads', async () => {
    const findings = await world.visit({
      role: 'bot',
      config: { clusters: [{ name: 'demo', kubeconfig: '/not/there' }], store: { uploadCredentials: null } },
    });

    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(codes(findings)).toContain('store-link');
    expect(codes(findings).filter((code) => code.startsWith('cluster-'))).toEqual([]);
  });

  it('as a worker needs neither chat nor the credentials for links', async () => {
    const findings = await world.visit({
      role: 'worker',
      config: { chat: { slack: null, dingtalk: null }, store: { downloadCredentials: null } },
    });

    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(codes(findings)).toEqual(expect.arrayContaining(['store-upload', 'store-encrypted']));
    expect(codes(findings).filter((code) => /^(slack|dingtalk)-/.test(code))).toEqual([]);
  });
});

describe('the doctor, where the config', () => {
  it('has mistakes, names each with key and value, and shows no secret', async () => {
    const findings = await world.visit({
      config: {
        store: { bucket: 'My_Bucket' },
        log: { level: 'loud' },
        redis: { url: 'mysql://:hunter2@x' },
      },
    });

    expect(codes(findings)).toEqual(['config-problem', 'config-problem', 'config-problem']);
    const text = JSON.stringify(findings);
    expect(text).toContain('store.bucket: is \\"My_Bucket\\"');
    expect(text).toContain('log.level: is \\"loud\\"');
    expect(text).not.toContain('hunter2');
  });

  it('is legal and useless, says so: no chat, no rules, no tool, a rule that covers no cluster', async () => {
    const none = await world.complaints({
      role: 'bot',
      config: { chat: { slack: null, dingtalk: null }, rules: [] },
    });
    const nowhere = await world.complaints({
      role: 'bot',
      config: {
        rules: [
          { name: 'old', clusters: ['cn-*'], namespaces: ['a'], request: ['everyone'], review: 'none' },
        ],
      },
    });

    const tool = await world.complaints({ role: 'worker', config: { worker: { dumpTool: 'no-such-tool' } } });

    expect(tool).toMatchObject([{ code: 'config-tool-missing', facts: { tool: 'no-such-tool' } }]);
    expect(codes(none)).toEqual(['config-no-chat', 'config-no-rules']);
    expect(nowhere).toMatchObject([
      { code: 'config-rule-nowhere', facts: { rule: 'old', clusters: 'demo' } },
    ]);
  });

  it('knows no such cluster, says which there are', async () => {
    expect(await world.complaints({ role: 'worker', cluster: 'prod' })).toMatchObject([
      { code: 'config-unknown-cluster', facts: { cluster: 'prod', allowed: 'demo' } },
    ]);
  });
});

describe('the doctor in chat', () => {
  const slack = (changes: object) => ({ role: 'bot' as const, config: { chat: { slack: changes } } });

  it('names a bot token that Slack refuses', async () => {
    expect(await world.complaints(slack({ botToken: 'xoxb-wrong' }))).toMatchObject([
      { code: 'slack-token-refused', facts: { error: 'invalid_auth' } },
    ]);
  });

  it('names an app token that is none', async () => {
    expect(await world.complaints(slack({ appToken: world.slack.botToken }))).toMatchObject([
      { code: 'slack-socket-refused', facts: { error: 'not_allowed_token_type' } },
    ]);
  });

  it('sees in http mode whether the signing secret looks like one', async () => {
    expect(await world.complaints(slack({ mode: 'http' }))).toEqual([]);
    expect(codes(await world.complaints(slack({ mode: 'http', signingSecret: 'xoxb-1' })))).toEqual([
      'slack-secret-odd',
    ]);
  });

  it('tells a Slack that cannot be reached from one that refuses', async () => {
    const found = await world.complaints(slack({ apiUrl: 'http://127.0.0.1:9/api' }));

    expect(codes(found)).toEqual(['slack-unreachable', 'slack-unreachable']);
    expect(found[0]?.facts.reason).toBe('network error');
  });

  it.each([
    ['slack-scope-missing', 'users:read'],
    ['slack-scope-missing', 'commands'],
    ['slack-history-missing', 'groups:history'],
  ])('says %s where the token lacks %s', async (code, scope) => {
    const scopes = [...NEEDED_SCOPES, ...HISTORY_SCOPES].filter((each) => each !== scope);
    const narrow = await startSlack({ scopes });
    const found = await world.complaints(
      slack({ apiUrl: narrow.apiUrl, botToken: narrow.botToken, appToken: narrow.appToken }),
    );
    await narrow.stop();

    expect(found).toMatchObject([{ code, facts: { scopes: scope } }]);
  });

  it('names credentials that DingTalk refuses', async () => {
    expect(
      await world.complaints({ role: 'bot', config: { chat: { dingtalk: { clientSecret: 'wrong' } } } }),
    ).toMatchObject([{ code: 'dingtalk-token-refused', facts: { error: 'invalidClientIdOrSecret' } }]);
  });
});

describe('a check that hangs', () => {
  it('is given up, and hides none of the others', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const found = await world.visit({
      config: { redis: { url: `redis://127.0.0.1:${port}` } },
      timeoutMs: 4000,
    });
    for (const socket of sockets) socket.destroy();
    silent.close();

    expect(found.filter(({ verdict }) => verdict !== 'ok')).toMatchObject([
      { code: 'check-timed-out', facts: { what: 'redis', seconds: '4' } },
    ]);
    expect(codes(found)).toEqual(expect.arrayContaining(['slack-token', 'cluster-exec', 'store-link']));
  });
});

describe('the doctor in the cluster', () => {
  const as = async (user: string) => ({
    role: 'worker' as const,
    config: { clusters: [{ name: 'demo', kubeconfig: await world.kubeconfig(user) }] },
  });

  it.each([
    ['exec-create', 'get pods, get pods/exec'],
    ['exec-get', 'get pods, create pods/exec'],
    ['nobody', 'get pods, get pods/exec, create pods/exec'],
  ])('names each right that %s lacks: %s', async (user, rights) => {
    const found = await world.visit(await as(user));

    expect(found).toContainEqual(
      expect.objectContaining({
        code: 'cluster-right-missing',
        facts: { cluster: 'demo', namespace: 'prod', rights },
      }),
    );
    expect(codes(found)).not.toContain('cluster-exec');
  });

  it('counts what is only comfort as no failure', async () => {
    const found = await world.complaints(await as('worker'));

    expect(new Set(codes(found))).toEqual(new Set(['cluster-right-optional']));
    expect(found[0]?.facts.rights).toContain('list pods');
  });

  it('needs names where the rules have only patterns, unless we may everywhere', async () => {
    const rules = [{ name: 'all', namespaces: ['prod-*', '!x'], request: ['everyone'], review: 'none' }];
    const open = await world.complaints({ role: 'worker', config: { rules } });
    const named = await world.complaints({ role: 'worker', config: { rules }, namespace: ['prod'] });
    const admin = await world.visit({
      role: 'worker',
      config: { ...(await as('admin')).config, rules },
    });

    expect(open).toMatchObject([{ code: 'cluster-namespaces-open', facts: { patterns: 'prod-*' } }]);
    expect(named).toEqual([]);
    expect(admin.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(codes(admin)).toContain('cluster-rights-everywhere');
  });

  it.each([
    ['cluster-exec-refused', 403, 'admission webhook "no-exec" denied the request'],
    ['cluster-exec-blocked', 400, 'Upgrade request required'],
    ['cluster-exec-blocked', 502, ''],
  ])('says %s where the exec itself is answered %i', async (code, status, said) => {
    const proxy = await startProxy(status, said);
    const kubeconfig = join(world.workDir, `proxy-${status}`);
    await writeFile(kubeconfig, proxy.kubeconfig);
    const found = await world.complaints({
      role: 'worker',
      config: { clusters: [{ name: 'demo', kubeconfig }] },
    });
    await proxy.stop();

    expect(found).toMatchObject([
      { code, facts: { namespace: 'prod', reason: expect.stringContaining(said) } },
    ]);
  });

  it('proves exec to the end where a pod is named', async () => {
    await world.cluster.addPod({
      namespace: 'prod',
      name: 'probe-me',
      containers: [{ name: 'app', command: ['sleep', '600'] }],
    });
    const found = await world.visit({ role: 'worker', pod: 'prod/probe-me' });

    expect(found).toContainEqual(
      expect.objectContaining({
        code: 'cluster-exec-proved',
        facts: { cluster: 'demo', namespace: 'prod', pod: 'probe-me', protocol: 'v4' },
      }),
    );
  });

  it('names a token that is not taken any more', async () => {
    const wish = await as('exec-get');
    world.cluster.rotateToken('exec-get');

    expect(codes(await world.complaints(wish))).toEqual(['cluster-login-refused']);
  });

  it('tells a kubeconfig that is not there from a server that is not', async () => {
    const gone = await world.kubeconfig('helpful');
    await writeFile(`${gone}-gone`, (await readFile(gone, 'utf8')).replace(/:\d+$/m, ':9'));
    const at = (kubeconfig: string) => ({
      role: 'worker' as const,
      config: { clusters: [{ name: 'demo', kubeconfig }] },
    });

    expect(codes(await world.complaints(at('/not/there')))).toEqual(['cluster-config']);
    expect(codes(await world.complaints(at(`${gone}-gone`)))).toEqual(['cluster-unreachable']);
  });
});
