/** The few words that this folder says by itself; all others come in messages. */
import type { Language } from '../chat-platform.ts';
import type { Message } from '../message.ts';

const UNAVAILABLE: Readonly<Record<Language, { readonly title: string; readonly line: string }>> = {
  en: {
    title: 'That could not be done',
    line: 'It could not be done just now. Nothing was changed. Please try again.',
  },
  'zh-CN': { title: '操作未完成', line: '暂时无法完成，没有做任何更改，请稍后再试。' },
};

export function unavailableMessage(language: Language): Message {
  const { title, line } = UNAVAILABLE[language];
  return {
    tone: 'bad',
    title,
    blocks: [{ kind: 'line', line: [{ kind: 'text', text: line }] }],
    buttons: [],
  };
}

/** Of a window that only says something. */
export const closeWord = (language: Language): string => (language === 'zh-CN' ? '关闭' : 'Close');
