/** What the robot is told: https://open.dingtalk.com/document/orgapp/receive-message */
import type { Card } from './card.ts';
import type { ChatMessage } from './chat-log.ts';
import type { Directory, Group, Person } from './directory.ts';
import type { JsonObject } from './json.ts';

export interface Session {
  readonly url: string;
  readonly until: number;
}

/**
 * @param group undefined in the one-to-one chat
 * @param parts the text, or the pieces of a rich text
 */
export function robotMessage(
  directory: Directory,
  message: ChatMessage,
  person: Person,
  group: Group | undefined,
  session: Session,
  parts: string | readonly JsonObject[],
  quoted?: ChatMessage,
): JsonObject {
  const body =
    typeof parts === 'string'
      ? // The mention is cut out, the space behind it stays.
        {
          msgtype: 'text',
          text: { content: group === undefined ? parts : ` ${parts}`, ...quote(directory, quoted) },
          ...(quoted === undefined ? {} : { originalMsgId: quoted.id }),
        }
      : { msgtype: 'richText', content: { richText: parts } };
  return {
    conversationId: message.conversation,
    chatbotCorpId: directory.corpId,
    chatbotUserId: directory.robotDingtalkId,
    msgId: message.id,
    senderNick: person.name,
    isAdmin: person.isAdmin,
    ...(person.isGuest ? {} : { senderStaffId: person.id }),
    sessionWebhookExpiredTime: session.until,
    createAt: message.at,
    senderCorpId: directory.corpOf(person),
    conversationType: group === undefined ? '1' : '2',
    senderId: person.dingtalkId,
    ...(group === undefined
      ? {}
      : {
          conversationTitle: group.title,
          isInAtList: true,
          atUsers: [{ dingtalkId: directory.robotDingtalkId }],
        }),
    sessionWebhook: session.url,
    robotCode: directory.clientId,
    ...body,
  };
}

/** Of what robots said, the words are not repeated. */
function quote(directory: Directory, quoted: ChatMessage | undefined): JsonObject {
  if (quoted === undefined) return {};
  const author = directory.people.get(quoted.author);
  const repliedMsg = {
    msgId: quoted.id,
    msgType: quoted.card === undefined ? quoted.content.kind : 'interactiveCard',
    senderId: author?.dingtalkId ?? directory.robotDingtalkId,
    createdAt: quoted.at,
    ...(author === undefined ? {} : { content: { text: quoted.content.text } }),
  };
  return { isReplyMsg: true, repliedMsg };
}

/** https://open.dingtalk.com/document/orgapp/event-callback-card */
export function cardCallback(
  directory: Directory,
  card: Card,
  message: ChatMessage,
  person: Person,
  press: { readonly actionIds: readonly string[]; readonly params: JsonObject },
): JsonObject {
  const inGroup = directory.groups.has(message.conversation);
  const content = JSON.stringify({ cardPrivateData: press });
  return {
    type: 'actionCallback',
    outTrackId: card.outTrackId,
    corpId: directory.corpId,
    userId: person.id,
    userIdType: 1,
    spaceType: inGroup ? 'IM_GROUP' : 'IM_ROBOT',
    spaceId: inGroup ? message.conversation : person.id,
    extension: '{}',
    content,
    // The older name of the same, still sent.
    value: content,
  };
}
