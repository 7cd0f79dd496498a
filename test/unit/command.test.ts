import { describe, expect, it } from 'vitest';
import { type Command, MAX_REASON_LENGTH, parseCommand } from '../../src/bot/command.ts';
import { seeded } from './seeded.ts';

const dump = (namespace: string, pod: string, more: Partial<Extract<Command, { kind: 'dump' }>> = {}) => ({
  ok: true,
  command: {
    kind: 'dump',
    target: { cluster: undefined, namespace, pod, container: undefined },
    reason: undefined,
    transfer: { via: undefined, compress: undefined, noDisk: false },
    ...more,
  },
});

describe('what a person types behind /heapdump', () => {
  it('is a request for a dump where it is namespace/pod', () => {
    expect(parseCommand('prod/order-service-7d9f8-x2x4k')).toEqual(dump('prod', 'order-service-7d9f8-x2x4k'));
  });

  it('may name cluster, container and reason, in any order', () => {
    const expected = dump('prod', 'api-0', {
      target: { cluster: 'cn-1', namespace: 'prod', pod: 'api-0', container: 'app' },
      reason: 'old gen is full',
    });
    for (const text of [
      'cn-1/prod/api-0 -c app --reason "old gen is full"',
      '--reason "old gen is full" --container app cn-1/prod/api-0',
      "-c app cn-1/prod/api-0 -r 'old gen is full'",
      'cn-1/prod/api-0 --container=app --reason="old gen is full"',
    ])
      expect(parseCommand(text), text).toEqual(expected);
  });

  it.each([
    ['“old gen is full”', 'curly quotes of a phone'],
    ['‘old gen is full’', 'single curly quotes'],
    ['「old gen is full」', 'Chinese quotes'],
    ['“old gen is full"', 'a quote that was curled on one side only'],
  ])('may be quoted as %s: %s', (quoted) => {
    expect(parseCommand(`prod/api-0 --reason ${quoted}`)).toEqual(
      dump('prod', 'api-0', { reason: 'old gen is full' }),
    );
    expect(parseCommand(`prod/api-0 --reason=${quoted}`)).toEqual(
      dump('prod', 'api-0', { reason: 'old gen is full' }),
    );
  });

  it.each(['—reason “it leaks”', '—reason=“it leaks”', '–r “it leaks”', '－－reason＝“it leaks”'])(
    'may have its hyphens turned into a dash by a phone: %s',
    (option) => {
      expect(parseCommand(`prod/api-0 ${option}`)).toEqual(dump('prod', 'api-0', { reason: 'it leaks' }));
    },
  );

  it('may say how the dump leaves the pod', () => {
    const expected = dump('prod', 'api-0', {
      transfer: { via: 'relay', compress: 'worker', noDisk: true },
    });
    for (const text of [
      'prod/api-0 --via relay --compress worker --no-disk',
      '--no-disk --compress=worker --via=relay prod/api-0',
      'prod/api-0 —via Relay —compress “worker” —no-disk',
      'ｐｒｏｄ／ａｐｉ-０　－－ｖｉａ＝ｒｅｌａｙ　－－ｃｏｍｐｒｅｓｓ　ｗｏｒｋｅｒ　－－ｎｏ－ｄｉｓｋ',
    ])
      expect(parseCommand(text), text).toEqual(expected);
  });

  it.each(['auto', 'direct', 'relay'] as const)('may say the way: %s', (via) => {
    expect(parseCommand(`prod/api-0 --via ${via}`)).toEqual(
      dump('prod', 'api-0', { transfer: { via, compress: undefined, noDisk: false } }),
    );
  });

  it.each(['auto', 'worker', 'pod', 'none'] as const)('may say who compresses it: %s', (compress) => {
    expect(parseCommand(`prod/api-0 --compress ${compress}`)).toEqual(
      dump('prod', 'api-0', { transfer: { via: undefined, compress, noDisk: false } }),
    );
  });

  it('keeps an apostrophe inside a word', () => {
    expect(parseCommand(`prod/api-0 -r "it's full"`)).toEqual(dump('prod', 'api-0', { reason: "it's full" }));
  });

  it('may be typed on a Chinese keyboard, full-width letters, slash and space included', () => {
    expect(parseCommand('ｐｒｏｄ／ａｐｉ-０　－ｃ　ａｐｐ')).toEqual(
      dump('prod', 'api-0', {
        target: { cluster: undefined, namespace: 'prod', pod: 'api-0', container: 'app' },
      }),
    );
    expect(parseCommand('列表 prod')).toEqual({ ok: true, command: { kind: 'list', namespace: 'prod' } });
    expect(parseCommand('取消 ABCD1234')).toEqual({
      ok: true,
      command: { kind: 'cancel', requestId: 'abcd1234' },
    });
  });

  it('leaves a reason as it was written, but for the space around it', () => {
    expect(parseCommand('prod/api-0 -r "  内存 ＡＢ <!channel> $(id)  "')).toEqual(
      dump('prod', 'api-0', { reason: '内存 ＡＢ <!channel> $(id)' }),
    );
    expect(parseCommand('prod/api-0 -r "   "')).toEqual(dump('prod', 'api-0'));
  });

  it('asks for help where it is empty', () => {
    for (const text of ['', '   ', '\n', 'help', 'HELP', '帮助', 'help me please'])
      expect(parseCommand(text), text).toEqual({ ok: true, command: { kind: 'help' } });
  });

  it.each([
    ['constructor', 'empty-target', 'constructor'],
    ['__proto__', 'empty-target', '__proto__'],
    ['api-0', 'empty-target', 'api-0'],
    ['a/b/c/d', 'empty-target', 'a/b/c/d'],
    ['-c app', 'empty-target', ''],
    ['""', 'empty-target', ''],
    ['/api-0', 'bad-namespace', ''],
    ['prod/', 'bad-pod', ''],
    ['/prod/api-0', 'bad-cluster', ''],
    ['Prod/api-0', 'bad-namespace', 'Prod'],
    ['kube.system/api-0', 'bad-namespace', 'kube.system'],
    [`${'n'.repeat(64)}/api-0`, 'bad-namespace', 'n'.repeat(64)],
    ['prod/api_0', 'bad-pod', 'api_0'],
    ['prod/-api', 'bad-pod', '-api'],
    ['prod/api..0', 'bad-pod', 'api..0'],
    ['prod/$(id)', 'bad-pod', '$(id)'],
    ['prod/..', 'bad-pod', '..'],
    ['CN/prod/api-0', 'bad-cluster', 'CN'],
    ['prod/api-0 -c App', 'bad-container', 'App'],
    ['prod/api-0 --container=', 'bad-container', ''],
    ['prod/api-0 now', 'too-many-words', 'now'],
    ['list prod dev', 'too-many-words', 'dev'],
    ['list PROD', 'bad-namespace', 'PROD'],
    ['prod/api-0 --force', 'unknown-option', '--force'],
    ['prod/api-0 -c', 'option-without-value', '-c'],
    ['prod/api-0 --reason', 'option-without-value', '--reason'],
    ['status', 'id-missing', 'status'],
    ['status abc', 'bad-id', 'abc'],
    ['cancel abcd1234 now', 'too-many-words', 'now'],
    ['prod/api-0 --via', 'option-without-value', '--via'],
    ['prod/api-0 --via pigeon', 'bad-via', 'pigeon'],
    ['prod/api-0 --via=', 'bad-via', ''],
    ['prod/api-0 --via constructor', 'bad-via', 'constructor'],
    ['prod/api-0 --compress', 'option-without-value', '--compress'],
    ['prod/api-0 --compress=zip', 'bad-compress', 'zip'],
    ['prod/api-0 --compress --no-disk', 'bad-compress', '--no-disk'],
    ['prod/api-0 --no-disk=yes', 'option-with-value', '--no-disk=yes'],
    ['prod/api-0 --no-disk yes', 'too-many-words', 'yes'],
    ['prod/api-0 --no-disk --via direct', 'not-with-no-disk', '--via direct'],
    ['prod/api-0 --compress pod --no-disk', 'not-with-no-disk', '--compress pod'],
    ['prod/api-0 --via direct --compress worker', 'not-with-direct', '--compress worker'],
    ['prod/api-0 -c=app', 'unknown-option', '-c=app'],
    ['prod/api-0 --constructor', 'unknown-option', '--constructor'],
  ])('%j is a mistake that is named: %s', (text, problem, what) => {
    expect(parseCommand(text)).toMatchObject({ ok: false, problem, what });
  });

  it('names a quotation mark that is not closed', () => {
    expect(parseCommand('prod/api-0 -r "it leaks')).toMatchObject({ ok: false, problem: 'open-quote' });
  });

  it('takes a reason of a thousand characters and says how long a longer one is', () => {
    const ample = 'x'.repeat(MAX_REASON_LENGTH);

    expect(parseCommand(`prod/api-0 -r ${ample}`)).toEqual(dump('prod', 'api-0', { reason: ample }));
    expect(parseCommand(`prod/api-0 -r ${ample}y`)).toMatchObject({
      ok: false,
      problem: 'reason-too-long',
      what: '1001',
    });
  });

  it('repeats at most eighty characters of a mistake', () => {
    const parsed = parseCommand(`prod/${'A'.repeat(5000)}`);

    expect(parsed.ok === false && parsed.what.length).toBe(80);
  });
});

describe('whatever is typed', () => {
  const pieces = [
    ...[
      'prod',
      'api-0',
      '/',
      '/',
      ' ',
      ' ',
      '-c',
      '--reason',
      '--via',
      'relay',
      '--compress',
      '--no-disk',
      '=',
      '"',
      "'",
      '“',
      '”',
      '「',
      '」',
      '..',
      '.',
    ],
    ...['A', '_', '$(id)', '`', ';', '\n', '\t', '\0', '\u202e', '－', '／', '　', 'ﬃ', '⩵', '\ud83d', '💥'],
    ...['list', 'status', 'cancel', 'abcd1234', '帮助', '__proto__', '—', '&lt;', '<!channel>', '%2f', '\\'],
  ];
  const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

  it('is never answered with a crash, nor with a name that breaks the rules of Kubernetes', () => {
    const random = seeded(20261124);
    let dumps = 0;
    for (let turn = 0; turn < 20_000; turn += 1) {
      // Half of them are near to something that works.
      const text = random.pick([
        () => random.text(pieces, 9),
        () =>
          `${random.text(pieces, 1)}prod/${random.text(pieces, 2)}api-0${random.text(pieces, 2)} -c app${random.text(pieces, 1)}`,
      ])();
      const parsed = parseCommand(text);
      if (!parsed.ok) {
        expect(parsed.what.length).toBeLessThanOrEqual(80);
        continue;
      }
      const { command } = parsed;
      if (command.kind === 'list' && command.namespace !== undefined)
        expect(command.namespace, JSON.stringify(text)).toMatch(label);
      if (command.kind === 'status' || command.kind === 'cancel')
        expect(command.requestId, JSON.stringify(text)).toMatch(/^[a-z0-9]{8}$/);
      if (command.kind !== 'dump') continue;
      dumps += 1;
      const { cluster, namespace, pod, container } = command.target;
      for (const name of [cluster ?? 'x', namespace, container ?? 'x', ...pod.split('.')])
        expect(name, JSON.stringify(text)).toMatch(label);
      expect(command.reason).not.toBe('');
      expect([undefined, 'auto', 'direct', 'relay']).toContain(command.transfer.via);
      expect([undefined, 'auto', 'worker', 'pod', 'none']).toContain(command.transfer.compress);
    }
    // Else the generator has found nothing but mistakes, and the test says nothing.
    expect(dumps).toBeGreaterThan(500);
  });
});
