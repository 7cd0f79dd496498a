/** The few words that this folder says by itself; all others come in messages. */
import type { Language } from '../chat-platform.ts';
import type { Action, Message } from '../message.ts';

export interface DingtalkWords {
  readonly unavailableTitle: string;
  readonly unavailable: string;
  /** For people from outside the organisation, where they wrote. */
  readonly outsider: string;
  readonly cannotWriteDirectly: string;
  readonly oldCard: string;
  /** Before the words that do what a button would. */
  readonly tap: string;
  readonly orType: string;
  readonly request: string;
  readonly role: string;
  readonly groupMembers: string;
  /** Before the words with which the robot can be told what to do. */
  readonly write: string;
  received(words: string): string;
  /** What a person types for an action, before the id. */
  readonly actions: Readonly<Record<Action, string>>;
}

export const dingtalkWords: Readonly<Record<Language, DingtalkWords>> = {
  en: {
    unavailableTitle: 'That could not be done',
    unavailable: 'It could not be done just now. Nothing was changed. Please try again.',
    outsider: 'This robot answers members of the organisation alone.',
    cannotWriteDirectly:
      'there is an answer for you that I could not send you directly. Please open a chat with me.',
    oldCard:
      'This card was made by another version of the bot and its buttons do nothing any more. Please type instead:',
    tap: 'Tap:',
    orType: 'or send me:',
    request: 'Request',
    role: 'role',
    groupMembers: 'members of the group',
    write: 'Write to the robot:',
    received: (words) => `Received: ${words}`,
    actions: { approve: 'approve', deny: 'deny', cancel: 'cancel', retry: 'retry', 'new-link': 'new-link' },
  },
  'zh-CN': {
    unavailableTitle: '操作未完成',
    unavailable: '暂时无法完成，没有做任何更改，请稍后再试。',
    outsider: '本机器人只为本组织成员服务。',
    cannotWriteDirectly: '有一条给您的回复无法直接发送，请先与我发起单聊。',
    oldCard: '这张卡片由另一个版本的机器人生成，按钮已失效。请直接输入：',
    tap: '点击：',
    orType: '或发送给我：',
    request: '申请',
    role: '角色',
    groupMembers: '群成员',
    write: '请发送给机器人：',
    received: (words) => `已收到：${words}`,
    actions: { approve: '同意', deny: '拒绝', cancel: '取消', retry: '重试', 'new-link': '新链接' },
  },
};

export function unavailableMessage(language: Language): Message {
  const { unavailableTitle, unavailable } = dingtalkWords[language];
  return plainMessage('bad', unavailableTitle, unavailable);
}

export function plainMessage(tone: Message['tone'], title: string, line?: string): Message {
  return {
    tone,
    title,
    blocks: line === undefined ? [] : [{ kind: 'line', line: [{ kind: 'text', text: line }] }],
    buttons: [],
  };
}
