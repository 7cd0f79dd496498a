/** What the Stream brings. Only what is used is read, and what is not as expected is named and not guessed. */
import { z } from 'zod';

const textShape = z.object({ content: z.string() });

/** https://open.dingtalk.com/document/orgapp/receive-message */
const robotMessageShape = z.object({
  msgId: z.string().min(1),
  msgtype: z.string(),
  conversationId: z.string(),
  /** '1' one-to-one, '2' a group. */
  conversationType: z.enum(['1', '2']),
  senderId: z.string(),
  senderNick: z.string().optional(),
  /** Absent for people from outside the organisation. */
  senderStaffId: z.string().min(1).optional().catch(undefined),
  senderCorpId: z.string().optional(),
  chatbotCorpId: z.string().optional(),
  sessionWebhook: z.url().optional().catch(undefined),
  sessionWebhookExpiredTime: z.number().optional().catch(undefined),
  text: textShape.optional().catch(undefined),
  content: z
    .object({
      richText: z.array(z.object({ text: z.string().optional().catch(undefined) })).optional(),
      /** What DingTalk understood of a voice message. */
      recognition: z.string().optional(),
    })
    .optional()
    .catch(undefined),
});

export interface RobotMessage {
  readonly id: string;
  readonly conversation: string;
  readonly isGroup: boolean;
  readonly senderId: string;
  readonly staffId: string | undefined;
  readonly senderName: string | undefined;
  /** The sender's organisation. */
  readonly corpId: string | undefined;
  /** The organisation in which the robot was spoken to. */
  readonly robotCorpId: string | undefined;
  readonly content: string;
  readonly session: { readonly url: string; readonly endsAt: number } | undefined;
}

/** @throws z.ZodError for what is no robot message as it is known */
export function parseRobotMessage(payload: unknown): RobotMessage {
  const message = robotMessageShape.parse(payload);
  const { sessionWebhook, sessionWebhookExpiredTime } = message;
  return {
    id: message.msgId,
    conversation: message.conversationId,
    isGroup: message.conversationType === '2',
    senderId: message.senderId,
    staffId: message.senderStaffId,
    senderName: message.senderNick,
    corpId: message.senderCorpId,
    robotCorpId: message.chatbotCorpId,
    content: contentOf(message),
    session:
      sessionWebhook === undefined || sessionWebhookExpiredTime === undefined
        ? undefined
        : { url: sessionWebhook, endsAt: sessionWebhookExpiredTime },
  };
}

/** A picture or a file says nothing: its sender gets the help. */
function contentOf({ msgtype, text: plain, content }: z.output<typeof robotMessageShape>): string {
  switch (msgtype) {
    case 'richText':
      // The mention of the robot is a piece of its own here; in plain text DingTalk cuts it out.
      return (content?.richText ?? [])
        .map((part) => part.text ?? '')
        .filter((text) => !/^\s*[@＠]\S+\s*$/u.test(text))
        .join('');
    case 'audio':
      return content?.recognition ?? '';
    default:
      return plain?.content ?? '';
  }
}

/** https://open.dingtalk.com/document/orgapp/event-callback-card */
const cardCallbackShape = z.object({
  outTrackId: z.string().min(1),
  corpId: z.string(),
  userId: z.string().min(1),
  spaceType: z.string().optional(),
  spaceId: z.string().optional(),
  /** JSON in JSON. */
  content: z.string().optional(),
});

const cardContentShape = z.object({
  cardPrivateData: z.object({ actionIds: z.array(z.string()).optional() }).optional(),
});

export interface CardClick {
  readonly outTrackId: string;
  readonly corpId: string;
  readonly userId: string;
  /** What was pressed. The parameters beside it come from the person's own client and are not read. */
  readonly actionId: string | undefined;
  /** The group that the card stands in; undefined for the one-to-one chat. */
  readonly group: string | undefined;
}

/** @throws z.ZodError for what is no card callback as it is known */
export function parseCardClick(payload: unknown): CardClick {
  const { outTrackId, corpId, userId, content, spaceType, spaceId } = cardCallbackShape.parse(payload);
  const actions = cardContentShape.safeParse(jsonOf(content));
  return {
    outTrackId,
    corpId,
    userId,
    actionId: actions.success ? actions.data.cardPrivateData?.actionIds?.[0] : undefined,
    group: spaceType?.toUpperCase() === 'IM_GROUP' ? groupOf(spaceId) : undefined,
  };
}

/** Bare or as `dtv1.card//IM_GROUP.cid…`. */
const groupOf = (spaceId: string | undefined): string | undefined =>
  spaceId?.replace(/^.*IM_GROUP\./, '') || undefined;

/** @returns undefined for what is no JSON */
export function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
