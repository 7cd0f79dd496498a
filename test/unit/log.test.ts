import { describe, expect, it } from 'vitest';
import { createLogger, type Logger, type LogLevel } from '../../src/log.ts';

function logged(use: (log: Logger) => void, level: LogLevel = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  use(createLogger({ name: 'heapdump-bot', level, write: (line) => void lines.push(line) }));
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true);
    return JSON.parse(line) as Record<string, unknown>;
  });
}

describe('the log', () => {
  it('is one JSON object a line, with time, level, name, fields and a message', () => {
    const [line] = logged((log) => log.warn({ requestId: 'abcd1234', step: 'transfer' }, 'dump step failed'));

    expect(line).toMatchObject({
      level: 'warn',
      name: 'heapdump-bot',
      requestId: 'abcd1234',
      step: 'transfer',
      msg: 'dump step failed',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('says nothing below its level', () => {
    expect(logged((log) => log.info('not this'), 'warn')).toEqual([]);
    expect(logged((log) => log.fatal('nor this'), 'silent')).toEqual([]);
  });

  it('has no secret in it, wherever one is put', () => {
    const secret = 'xoxb-123456789012-s3cret';
    const error = new Error(`refused ${secret}`, { cause: new Error(`inner ${secret}`) });
    const lines = logged((log) => {
      log.info(`started with ${secret}`);
      log.info({ botToken: 's3cret' }, `static ${secret}`);
      log.error(error);
      log.error({ err: error, deep: [{ password: 's3cret' }] }, 'failed');
      log.error({}, 'refused %s', secret);
      log.error({}, 'refused %o', { botToken: 's3cret' });
      log.child({ token: 's3cret', url: `redis://:s3cret@redis` }).info('from a child');
      log
        .child({ requestId: 'abcd1234' })
        .child({ appToken: 's3cret' })
        .info({ password: 's3cret' }, 'deeper');
    });

    expect(lines).toHaveLength(8);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
  });

  it('keeps an error’s message, stack, code and cause', () => {
    const cause = Object.assign(new Error('inner'), { code: 'ECONNRESET' });
    const [line] = logged((log) => log.error({ err: new Error('outer', { cause }) }, 'failed'));

    expect(line?.err).toMatchObject({
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'inner', code: 'ECONNRESET' },
    });
  });

  it('gives a child’s fields with each line of the child', () => {
    const [line] = logged((log) => log.child({ requestId: 'abcd1234' }).info({ step: 'verify' }, 'done'));

    expect(line).toMatchObject({ requestId: 'abcd1234', step: 'verify', msg: 'done' });
  });
});
