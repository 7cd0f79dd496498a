import { describe, expect, it } from 'vitest';
import { boltLogger } from '../../src/bot/chat/slack/slack-log.ts';
import { type LogLine, recordingLog } from './slack-world.ts';

describe('what Slack’s packages log', () => {
  it('loses its addresses, which are capabilities, and its payloads', () => {
    const lines: LogLine[] = [];
    const log = boltLogger(recordingLog(lines));

    log.debug('payload', { response_url: 'https://hooks.slack.com/commands/T/1/secret' });
    log.warn('failed:', new Error('wss://wss-primary.slack.com/link/?ticket=secret closed'));
    log.error('https://hooks.slack.com/commands/T/1/secret is gone');

    expect(JSON.stringify(lines)).not.toContain('secret');
    expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { detail: 'failed: Error: [address] closed' }],
      ['warn', { detail: '[address] is gone' }],
    ]);
  });
});
