/** Block Kit as it travels: JSON, with the few ways in which the stand-in has to walk through it. */

export type JsonObject = { readonly [key: string]: unknown };
export type Block = JsonObject & { readonly type: string };

/** A piece of text that people read. `markup` says whether Slack looks for mentions and links in it. */
export interface TextSpot {
  readonly text: string;
  readonly markup: boolean;
}

/** A button with the block that holds it. */
export interface PlacedButton {
  readonly blockId: string;
  readonly actionId: string;
  readonly text: string;
  readonly value: string | undefined;
  readonly url: string | undefined;
  readonly style: string | undefined;
  /** As it stands in the block. */
  readonly element: JsonObject;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isBlock(value: unknown): value is Block {
  return isObject(value) && typeof value.type === 'string';
}

/** @returns the string, or undefined for anything else */
export function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Every object below a value, the value itself included, in reading order. */
export function* objectsIn(value: unknown): Generator<JsonObject> {
  if (Array.isArray(value)) {
    for (const item of value) yield* objectsIn(item);
  } else if (isObject(value)) {
    yield value;
    for (const child of Object.values(value)) yield* objectsIn(child);
  }
}

// Older attachments carry their text outside blocks.
const ATTACHMENT_TEXTS = ['fallback', 'pretext', 'title', 'text', 'footer', 'author_name'];

/** Every text of a message's blocks and attachments. */
export function textSpots(blocks: readonly unknown[], attachments: readonly unknown[]): TextSpot[] {
  const spots: TextSpot[] = [];
  for (const object of objectsIn([...blocks, ...attachments.map((each) => isObject(each) && each.blocks)])) {
    const text = object.text;
    if (typeof text !== 'string') continue;
    // `text` objects of rich text are literal, as plain text is.
    spots.push({ text, markup: object.type === 'mrkdwn' || object.type === 'markdown' });
  }
  for (const attachment of attachments) {
    if (!isObject(attachment)) continue;
    for (const key of ATTACHMENT_TEXTS) {
      const text = attachment[key];
      if (typeof text === 'string') spots.push({ text, markup: true });
    }
    for (const field of listOf(attachment.fields)) {
      if (isObject(field)) spots.push({ text: String(field.value ?? ''), markup: true });
    }
  }
  return spots;
}

/** The blocks of a message with those inside its attachments. */
export function allBlocks(blocks: readonly unknown[], attachments: readonly unknown[]): Block[] {
  const inside = attachments.flatMap((each) => (isObject(each) ? listOf(each.blocks) : []));
  return [...blocks, ...inside].filter(isBlock);
}

/** The buttons that a person sees, top to bottom. */
export function buttonsIn(blocks: readonly Block[]): PlacedButton[] {
  return blocks.flatMap((block) => {
    const candidates = [...listOf(block.elements), block.accessory];
    return candidates.filter(isObject).flatMap((element) => {
      if (element.type !== 'button') return [];
      const label = element.text;
      return [
        {
          blockId: String(block.block_id ?? ''),
          actionId: String(element.action_id ?? ''),
          text: isObject(label) ? String(label.text ?? '') : '',
          value: stringOr(element.value),
          url: stringOr(element.url),
          style: stringOr(element.style),
          element,
        },
      ];
    });
  });
}

/**
 * Slack gives an id to each block and interactive element that has none.
 * @param newId gives a fresh short id
 */
export function withIds(blocks: readonly Block[], newId: () => string): Block[] {
  const named = (element: unknown): unknown =>
    isObject(element) && INTERACTIVE.has(String(element.type)) && element.action_id === undefined
      ? { ...element, action_id: newId() }
      : element;
  return blocks.map((block) => {
    const withId: Record<string, unknown> = { ...block, block_id: block.block_id ?? newId() };
    if (block.type !== 'rich_text' && Array.isArray(block.elements)) {
      withId.elements = block.elements.map(named);
    }
    for (const key of ['accessory', 'element']) if (key in block) withId[key] = named(block[key]);
    return { ...withId, type: block.type };
  });
}

const INTERACTIVE = new Set([
  'button',
  'checkboxes',
  'datepicker',
  'external_select',
  'overflow',
  'plain_text_input',
  'radio_buttons',
  'static_select',
  'multi_static_select',
  'users_select',
  'conversations_select',
  'channels_select',
]);
