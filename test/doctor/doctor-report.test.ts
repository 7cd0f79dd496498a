import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finding, VERDICTS } from '../../src/doctor/finding.ts';
import { reportJson, reportLines } from '../../src/doctor/report.ts';
import { en } from '../../src/doctor/words/en.ts';
import { zhCn } from '../../src/doctor/words/zh-cn.ts';
import { type DoctorWorld, startDoctorWorld } from './doctor-world.ts';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

describe('what the doctor says', () => {
  it('is a line each, with what to do below what is not fine', () => {
    const lines = reportLines(
      [finding('redis-keeps-all'), finding('slack-token-refused', { error: 'invalid_auth' })],
      en,
    );

    expect(lines).toEqual([
      '✓ redis  Redis evicts nothing (noeviction).',
      '✗ slack  Slack refuses chat.slack.botToken: invalid_auth',
      '         → Install the app in the workspace and copy its Bot User OAuth Token (xoxb-…).',
      '',
      '1 failed, 0 to look at, 1 fine.',
    ]);
  });

  it('is one JSON object for machines, with codes that stay', () => {
    const json = JSON.parse(reportJson([finding('redis-evicts', { policy: 'allkeys-lru' })], en));

    expect(json).toEqual({
      ok: false,
      checks: [
        {
          code: 'redis-evicts',
          area: 'redis',
          verdict: 'failed',
          says: 'Redis throws keys away when memory is short: maxmemory-policy is allkeys-lru.',
          remedy: expect.stringContaining('noeviction'),
          facts: { policy: 'allkeys-lru' },
        },
      ],
    });
  });

  it('names the same facts in both languages, and a remedy wherever something is not fine', () => {
    for (const [code, verdict] of Object.entries(VERDICTS)) {
      const key = code as keyof typeof VERDICTS;
      const [english, chinese] = [en.findings[key], zhCn.findings[key]];
      const names = (text = '') => new Set(text.match(/\{\w+\}/g) ?? []);

      expect(names(chinese.join()), code).toEqual(names(english.join()));
      expect(chinese.length, code).toBe(english.length);
      expect(english.length, code).toBe(verdict === 'ok' ? 1 : 2);
    }
  });

  it('cannot move a terminal’s cursor, whatever a server said', () => {
    const [line] = reportLines([finding('slack-token', { team: 'A\u001b[2J\nB', bot: 'x' })], en);

    expect(line).toBe('✓ slack  Slack takes the bot token: x in A [2J B');
  });
});

describe('npm run doctor', () => {
  let world: DoctorWorld;
  beforeAll(async () => {
    world = await startDoctorWorld();
  });
  afterAll(() => world?.stop());

  async function run(args: string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/doctor/main.ts', ...args], {
      cwd: projectDir,
      env: {
        ...process.env,
        LANG: 'C',
        LC_ALL: '',
        HEAPDUMP_CONFIG: '',
        HEAPDUMP_CLUSTER: '',
        ...environment,
      },
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err += text;
    });
    const [code] = await once(child, 'close');
    return { ...said, code };
  }

  it('ends with 0 where all is well, and shows no secret', async () => {
    const { out, err, code } = await run(['--config', await world.configFile()]);

    expect(err).toBe('');
    expect(out).not.toContain('✗');
    expect(code).toBe(0);
    expect(out).toMatch(/^✓ config {4}\S.*\n✓ redis/);
    expect(out).toContain('0 to look at: ready.');
    const { slack, oss } = world;
    for (const secret of [
      slack.botToken,
      slack.appToken,
      oss.accessKeys.upload.secret,
      oss.accessKeys.upload.id,
    ])
      expect(out).not.toContain(secret);
  });

  it('ends with 1 where something fails, and says what to do, in Chinese as well', async () => {
    const file = await world.configFile({ chat: { slack: { botToken: 'xoxb-wrong' } } });
    const { out, code } = await run(['--config', file, '--role', 'bot'], { LANG: 'zh_CN.UTF-8' });

    expect(code).toBe(1);
    expect(out).toContain('✗ slack     Slack 拒绝 chat.slack.botToken：invalid_auth');
    expect(out).toContain('→ 请把应用安装到工作区');
    expect(out).not.toContain('xoxb-wrong');
  });

  it('gives machines JSON alone, of a config that cannot be read too', async () => {
    const { out, code } = await run(['--config', 'not-there.yaml', '--json']);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, checks: [{ code: 'config-problem' }] });
  });
});
