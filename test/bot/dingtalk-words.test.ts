import { describe, expect, it } from 'vitest';
import { parseDecision } from '../../src/bot/chat/dingtalk/typed-text.ts';
import { dingtalkWords } from '../../src/bot/chat/dingtalk/words.ts';
import { actionWords } from '../../src/bot/chat/dingtalk/words-text.ts';
import { ACTIONS } from '../../src/bot/chat/message.ts';
import { parseCommand } from '../../src/bot/command.ts';

describe('the words of DingTalk', () => {
  it('are there in both languages, and none is empty', () => {
    const { en, 'zh-CN': zh } = dingtalkWords;

    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const words of [en, zh]) {
      const texts = [...Object.values(words), ...Object.values(words.actions)].filter(
        (word) => typeof word === 'string',
      );
      expect(texts.every((text) => text.trim() !== '')).toBe(true);
    }
    expect(Object.values(zh).filter((word) => Object.values(en).includes(word))).toEqual([]);
  });

  it.each(
    ACTIONS.flatMap((action) => (['en', 'zh-CN'] as const).map((language) => [action, language] as const)),
  )('that stand for a button are understood when somebody types them: %s in %s', (action, language) => {
    const typed = actionWords({ action, requestId: 'abcd1234' }, language);

    // Cancelling is a command for everybody.
    if (action === 'cancel')
      expect(parseCommand(typed)).toEqual({ ok: true, command: { kind: 'cancel', requestId: 'abcd1234' } });
    else expect(parseDecision(typed)).toMatchObject({ action, requestId: 'abcd1234' });
  });
});
