import { describe, expect, it } from 'vitest';
import { parseRobotMessage } from '../../src/bot/chat/dingtalk/payloads.ts';
import { parseDecision, typedText } from '../../src/bot/chat/dingtalk/typed-text.ts';

describe('what a person types to the robot', () => {
  it.each([
    [' /heapdump prod/api-7f9c', 'prod/api-7f9c'],
    ['@机器人 /heapdump prod/api', 'prod/api'],
    ['＠机器人　／heapdump　列表', '列表'],
    ['／ｈｅａｐｄｕｍｐ ｐｒｏｄ／ａｐｉ', 'ｐｒｏｄ／ａｐｉ'],
    ['/HeapDump list', 'list'],
    ['/heapdump', ''],
    ['帮助', '帮助'],
    ['prod/api --reason “泄漏”', 'prod/api --reason "泄漏"'],
    ['prod/api —reason x', 'prod/api --reason x'],
    ['/heapdumps list', '/heapdumps list'],
    ['prod/api -r mail@example', 'prod/api -r mail@example'],
  ])('is read without mention and command name: %j', (typed, text) => {
    expect(typedText(typed)).toBe(text);
  });

  it.each([
    ['同意 abcd1234', 'approve', 'abcd1234', undefined],
    ['同意abcd1234', 'approve', 'abcd1234', undefined],
    ['approve ABCD1234', 'approve', 'abcd1234', undefined],
    ['拒绝：ａｂｃｄ１２３４　大促期间不行', 'deny', 'abcd1234', '大促期间不行'],
    ['deny abcd1234 not during the sale\n@all', 'deny', 'abcd1234', 'not during the sale\n@all'],
    ['重试 abcd1234', 'retry', 'abcd1234', undefined],
    ['新链接 abcd1234', 'new-link', 'abcd1234', undefined],
    ['New-Link abcd1234', 'new-link', 'abcd1234', undefined],
  ] as const)('is a decision where it names one: %j', (typed, action, requestId, text) => {
    expect(parseDecision(typedText(typed))).toEqual({ action, requestId, text });
  });

  it.each([
    '',
    '同意',
    '同意 abc',
    'prod/api',
    'list abcd1234',
    '取消 abcd1234',
    'approve abcd12345',
    'constructor abcd1234',
  ])('is no decision: %j', (typed) => {
    expect(parseDecision(typed)).toBeUndefined();
  });
});

describe('a message to the robot', () => {
  const message = {
    msgId: 'msg1',
    msgtype: 'text',
    conversationId: 'cid1',
    conversationType: '2',
    senderId: '$:LWCP_v1:$x',
    senderStaffId: '0135',
    text: { content: ' list' },
  };

  it('is read with who wrote it and where', () => {
    expect(parseRobotMessage(message)).toMatchObject({
      id: 'msg1',
      conversation: 'cid1',
      isGroup: true,
      staffId: '0135',
      content: ' list',
    });
  });

  it('may be formatted text, with the mention as a piece of its own', () => {
    const rich = {
      richText: [{ text: '@机器人' }, { text: '/heapdump pr' }, { text: 'od/api' }, { type: 'picture' }],
    };

    expect(parseRobotMessage({ ...message, msgtype: 'richText', content: rich }).content).toBe(
      '/heapdump prod/api',
    );
  });

  it('may be spoken', () => {
    expect(
      parseRobotMessage({ ...message, msgtype: 'audio', content: { recognition: '列表' } }).content,
    ).toBe('列表');
  });

  it('says nothing where it is a picture', () => {
    expect(parseRobotMessage({ ...message, msgtype: 'picture', text: undefined, content: {} }).content).toBe(
      '',
    );
  });

  it('is of a guest where no staff id stands in it', () => {
    expect(parseRobotMessage({ ...message, senderStaffId: undefined }).staffId).toBeUndefined();
    expect(parseRobotMessage({ ...message, senderStaffId: '' }).staffId).toBeUndefined();
  });

  it('is refused where it is none', () => {
    expect(() => parseRobotMessage({ ...message, msgId: undefined })).toThrow();
    expect(() => parseRobotMessage('list')).toThrow();
  });
});
