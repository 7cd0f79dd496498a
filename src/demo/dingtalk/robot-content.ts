/** Messages of an app's robot by template: https://open.dingtalk.com/document/orgapp/types-of-messages-sent-by-robots */
import type { Content } from './chat-log.ts';
import { isObject, type JsonObject, parseJson, textOf } from './json.ts';
import { ApiRefusal } from './refusal.ts';

/**
 * @param msgParam JSON in a string
 * @throws ApiRefusal in DingTalk's words
 */
export function robotContent(msgKey: unknown, msgParam: unknown, maxBytes: number): Content {
  if (textOf(msgKey) === undefined) throw invalid('msgKey.empty', '缺少msgKey');
  if (typeof msgParam !== 'string') throw invalid('msgParam.invalid', 'msgParam需要为json格式');
  if (Buffer.byteLength(msgParam) > maxBytes)
    throw invalid('msgParam.tooLong', `msgParam超过${maxBytes}字节`);
  const param = parseJson(msgParam);
  if (!isObject(param)) throw invalid('msgParam.invalid', 'msgParam需要为json格式');
  return contentOf(String(msgKey), param);
}

function contentOf(msgKey: string, param: JsonObject): Content {
  const need = (key: string): string => {
    const text = textOf(param[key]);
    if (text === undefined) throw invalid('param.invalid', `参数不合法: ${key}`);
    return text;
  };
  switch (msgKey) {
    case 'sampleText':
      return { kind: 'text', text: need('content') };
    case 'sampleMarkdown':
      return { kind: 'markdown', title: need('title'), text: need('text') };
    case 'sampleLink':
      return { kind: 'link', title: need('title'), text: need('text'), url: need('messageUrl') };
    case 'sampleActionCard':
      return {
        kind: 'actionCard',
        title: need('title'),
        text: need('text'),
        buttons: [{ label: need('singleTitle'), url: need('singleURL') }],
      };
    case 'sampleActionCard2':
    case 'sampleActionCard3':
    case 'sampleActionCard4':
    case 'sampleActionCard5': {
      const count = Number(msgKey.slice(-1));
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      const buttons = numbers.map((n) => ({ label: need(`actionTitle${n}`), url: need(`actionURL${n}`) }));
      return { kind: 'actionCard', title: need('title'), text: need('text'), buttons };
    }
    case 'sampleActionCard6':
      return {
        kind: 'actionCard',
        title: need('title'),
        text: need('text'),
        buttons: [1, 2].map((n) => ({ label: need(`buttonTitle${n}`), url: need(`buttonUrl${n}`) })),
      };
    default:
      throw invalid('msgKey.invalid', '无效的msgKey');
  }
}

function invalid(what: string, message: string): ApiRefusal {
  return new ApiRefusal(`invalidParameter.${what}`, message);
}
