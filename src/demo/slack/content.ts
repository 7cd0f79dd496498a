/** The words of a message as an app sends them, checked as Slack checks them. */
import type { Arguments } from './arguments.ts';
import { type Block, isBlock, isObject, type JsonObject, listOf, withIds } from './block.ts';
import { checkBlocks, textLengthOf } from './check-blocks.ts';
import type { MessageMetadata } from './message-log.ts';
import { Refusal, refuseContent } from './refusal.ts';

export interface Content {
  readonly text: string | undefined;
  readonly blocks: Block[] | undefined;
  readonly attachments: JsonObject[] | undefined;
  readonly linkNames: boolean;
}

export interface ContentRules {
  readonly newId: () => string;
  /** Text of all blocks together; undefined where Slack does not count. */
  readonly blocksTextChars: number | undefined;
}

const MAX_ATTACHMENTS = 100;

/** @throws Refusal `no_text`, `invalid_blocks`, `invalid_attachments`, `msg_blocks_too_long`, … */
export function readContent(args: Arguments, rules: ContentRules): Content {
  const text = args.text('text');
  const blocks = readBlocks(args.json('blocks', 'invalid_blocks_format'), rules);
  const attachments = readAttachments(args.json('attachments', 'invalid_attachments'), rules);
  if (text === undefined && (blocks ?? []).length === 0 && (attachments ?? []).length === 0) {
    throw new Refusal('no_text');
  }
  const linkNames = args.flag('link_names') === true || args.text('parse') === 'full';
  return { text, blocks, attachments, linkNames };
}

function readBlocks(given: unknown, rules: ContentRules): Block[] | undefined {
  if (given === undefined) return undefined;
  const complaints = checkBlocks(given, 'message');
  if (complaints.length > 0) throw refuseContent('invalid_blocks', complaints);
  const blocks = listOf(given).filter(isBlock);
  if (textLengthOf(blocks) > (rules.blocksTextChars ?? Number.POSITIVE_INFINITY)) {
    throw new Refusal('msg_blocks_too_long');
  }
  return withIds(blocks, rules.newId);
}

function readAttachments(given: unknown, rules: ContentRules): JsonObject[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || !given.every(isObject)) throw new Refusal('invalid_attachments');
  if (given.length > MAX_ATTACHMENTS) throw new Refusal('too_many_attachments');
  return given.map((attachment, index) => {
    if (attachment.blocks === undefined) return attachment;
    const complaints = checkBlocks(attachment.blocks, 'message', `/attachments/${index}/blocks`);
    if (complaints.length > 0) throw refuseContent('invalid_attachments', complaints);
    return { ...attachment, blocks: withIds(listOf(attachment.blocks).filter(isBlock), rules.newId) };
  });
}

/**
 * https://docs.slack.dev/messaging/message-metadata
 * @returns undefined where there was none, null where `{}` asks for its removal
 * @throws Refusal `invalid_metadata_format`, `invalid_metadata_schema`
 */
export function readMetadata(args: Arguments): MessageMetadata | null | undefined {
  const given = args.json('metadata', 'invalid_metadata_format');
  if (given === undefined) return undefined;
  if (!isObject(given)) throw new Refusal('invalid_metadata_format');
  if (Object.keys(given).length === 0) return null;
  const { event_type: type, event_payload: payload } = given;
  if (typeof type !== 'string' || type === '' || !isObject(payload))
    throw new Refusal('invalid_metadata_schema');
  return { event_type: type, event_payload: payload };
}
