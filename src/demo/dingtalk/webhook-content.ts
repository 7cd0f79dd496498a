/** Messages as webhooks take them: https://open.dingtalk.com/document/orgapp/custom-bot-to-send-group-chat-messages */
import type { Content } from './chat-log.ts';
import type { Directory, Group } from './directory.ts';
import { type JsonObject, listOf, objectOf, stringsOf, textOf } from './json.ts';
import { ErrcodeRefusal } from './refusal.ts';

/** @throws ErrcodeRefusal 40035 for what is missing, 43004 for a message type that does not exist */
export function webhookContent(body: JsonObject): Content {
  const type = textOf(body.msgtype);
  if (type === undefined) throw missing('msgtype');
  const part = objectOf(body[type]);
  const need = (key: string): string => {
    const text = textOf(part[key]);
    if (text === undefined) throw missing(`${type}.${key}`);
    return text;
  };
  switch (type) {
    case 'text':
      return { kind: 'text', text: need('content') };
    case 'markdown':
      return { kind: 'markdown', title: need('title'), text: need('text') };
    case 'link':
      return { kind: 'link', title: need('title'), text: need('text'), url: need('messageUrl') };
    case 'actionCard': {
      const several = listOf(part.btns).map(objectOf);
      const buttons =
        several.length > 0
          ? several.map((each) => ({ label: String(each.title ?? ''), url: String(each.actionURL ?? '') }))
          : [{ label: need('singleTitle'), url: need('singleURL') }];
      return { kind: 'actionCard', title: need('title'), text: need('text'), buttons };
    }
    case 'feedCard':
      return {
        kind: 'other',
        text: listOf(part.links)
          .map((each) => String(objectOf(each).title))
          .join('\n'),
      };
    default:
      throw new ErrcodeRefusal(40008, '不合法的消息类型');
  }
}

/**
 * Who is pinged: those in `at` whose `@id` stands in the text as well, since clients look for it there.
 * @returns staff ids, and `all`
 */
export function pingsOf(
  body: JsonObject,
  content: Content,
  directory: Directory,
  group: Group | undefined,
): string[] {
  const at = objectOf(body.at);
  const named = stringsOf(at.atUserIds).filter((id) => {
    const person = directory.people.get(id);
    return person !== undefined && group?.members.has(id) === true && content.text.includes(`@${id}`);
  });
  return at.isAtAll === true ? [...named, 'all'] : named;
}

function missing(what: string): ErrcodeRefusal {
  return new ErrcodeRefusal(40035, `缺少参数 ${what}`);
}
