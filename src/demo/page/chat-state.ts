/** What one person sees of the workspace, in the page's words. */
import type {
  Channel,
  MessageEvent,
  OpenView,
  Person,
  SlackWorkspace,
  StoredMessage,
} from '../slack/slack-workspace.ts';
import type { Place } from './actions.ts';
import {
  type Change,
  type PageMessage,
  type PagePerson,
  type PageView,
  ROLES,
  type Views,
} from './page-state.ts';

export function messagesFor({ slack, channel }: Place, person: Person): PageMessage[] {
  return [...slack.messages(channel), ...slack.ephemerals(person), ...slack.direct(person)]
    .map(pageMessage)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

/** @returns undefined for what this person does not see */
export function changeFor(
  { channel, slack }: { readonly channel: Channel; readonly slack: SlackWorkspace },
  person: Person,
  { kind, message }: MessageEvent,
): Change | undefined {
  const isHere = message.channel === channel.id || message.channel === slack.directChannel(person).id;
  if (!isHere || message.unseen) return undefined;
  if (message.ephemeralTo !== undefined && message.ephemeralTo !== person.id) return undefined;
  return kind === 'deleted'
    ? { kind: 'deleted', channel: message.channel, ts: message.ts }
    : { kind: 'message', message: pageMessage(message) };
}

export function viewsOf(slack: SlackWorkspace, person: Person): Views {
  const views = slack.openViews(person);
  const home = views.find(({ kind }) => kind === 'home');
  const modal = views.filter(({ kind }) => kind === 'modal').at(-1);
  return { modal: modal && pageView(modal), home: home && pageView(home) };
}

export const pagePeople = ({ people }: Place): PagePerson[] =>
  ROLES.map((role) => {
    const { id, name, locale } = people[role];
    return { role, id, name, language: /^zh\b/i.test(locale) ? 'zh-CN' : 'en' };
  });

function pageMessage(message: StoredMessage): PageMessage {
  const { channel, ts, threadTs, author, fromBot, text, blocks, ephemeralTo, edits } = message;
  return {
    channel,
    ts,
    threadTs,
    author,
    fromBot,
    text,
    blocks,
    isPrivate: ephemeralTo !== undefined,
    edits,
  };
}

function pageView({ id, hash, title, given, blocks, errors }: OpenView): PageView {
  return { id, hash, title, submit: words(given.submit), close: words(given.close), blocks, errors };
}

function words(text: unknown): string | undefined {
  if (typeof text !== 'object' || text === null || !('text' in text)) return undefined;
  return typeof text.text === 'string' ? text.text : undefined;
}
