/**
 * Block Kit's rules, told in Slack's own form: https://docs.slack.dev/reference/block-kit/blocks
 * A block that passes here may still be refused by Slack; one that fails here is refused there.
 */
import { isObject, type JsonObject, listOf, objectsIn } from './block.ts';
import { checkElement } from './check-elements.ts';
import { checkRichText } from './check-rich-text.ts';
import { Complaints } from './complaints.ts';

/** Where blocks stand; decides which and how many may stand there. */
export type Surface = 'message' | 'modal' | 'home';

const MAX_BLOCKS: Record<Surface, number> = { message: 50, modal: 100, home: 100 };

const FIELDS: Record<string, readonly string[]> = {
  section: ['text', 'fields', 'accessory', 'expand'],
  divider: [],
  header: ['text', 'level'],
  context: ['elements'],
  actions: ['elements'],
  input: ['label', 'element', 'hint', 'optional', 'dispatch_action'],
  image: ['image_url', 'slack_file', 'alt_text', 'title'],
  markdown: ['text'],
  rich_text: ['elements'],
};

/** @returns complaints such as `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`; none is good */
export function checkBlocks(blocks: unknown, surface: Surface, root = '/blocks'): string[] {
  const complaints = new Complaints();
  if (!Array.isArray(blocks)) {
    complaints.add(root, 'must provide an array');
    return complaints.list;
  }
  if (blocks.length > MAX_BLOCKS[surface]) {
    complaints.add(root, `no more than ${MAX_BLOCKS[surface]} items allowed`);
  }
  const ids = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    const pointer = `${root}/${index}`;
    if (!isObject(block)) {
      complaints.add(pointer, 'must be an object');
      continue;
    }
    checkBlock(block, pointer, surface, complaints);
    const id = block.block_id;
    if (id === undefined) continue;
    complaints.length(`${pointer}/block_id`, id, 255);
    if (ids.has(String(id))) complaints.add(`${pointer}/block_id`, `block_id ${String(id)} already exists`);
    ids.add(String(id));
  }
  return complaints.list;
}

/** The characters of all texts together, which Slack limits too (`msg_blocks_too_long`). */
export function textLengthOf(blocks: readonly unknown[]): number {
  let length = 0;
  for (const object of objectsIn(blocks)) if (typeof object.text === 'string') length += object.text.length;
  return length;
}

function checkBlock(block: JsonObject, pointer: string, surface: Surface, complaints: Complaints): void {
  const type = String(block.type);
  const allowed = FIELDS[type];
  if (allowed === undefined || (type === 'markdown' && surface !== 'message')) {
    complaints.add(`${pointer}/type`, `unsupported type: ${type}`);
    return;
  }
  complaints.onlyFields(pointer, block, [...allowed, 'type', 'block_id']);
  switch (type) {
    case 'section':
      checkSection(block, pointer, complaints);
      return;
    case 'header':
      complaints.text(`${pointer}/text`, block.text, 150, ['plain_text']);
      return;
    case 'context':
      checkContext(block, pointer, complaints);
      return;
    case 'actions':
      checkActions(block, pointer, complaints);
      return;
    case 'input':
      checkInput(block, pointer, complaints);
      return;
    case 'image':
      checkImage(block, pointer, complaints);
      return;
    case 'markdown':
      complaints.length(`${pointer}/text`, block.text, 12_000);
      return;
    case 'rich_text':
      checkRichText(block, pointer, complaints);
      return;
  }
}

function checkSection(block: JsonObject, pointer: string, complaints: Complaints): void {
  if (block.text === undefined && block.fields === undefined) {
    complaints.add(pointer, 'missing required field: text');
  }
  if (block.text !== undefined) complaints.text(`${pointer}/text`, block.text, 3000);
  if (block.fields !== undefined) {
    complaints.count(`${pointer}/fields`, block.fields, 1, 10);
    listOf(block.fields).forEach((field, index) => {
      complaints.text(`${pointer}/fields/${index}`, field, 2000);
    });
  }
  if (block.accessory !== undefined) {
    if (isObject(block.accessory) && block.accessory.type === 'image') {
      checkImage(block.accessory, `${pointer}/accessory`, complaints);
    } else checkElement(block.accessory, `${pointer}/accessory`, 'section', complaints);
  }
}

function checkContext(block: JsonObject, pointer: string, complaints: Complaints): void {
  complaints.count(`${pointer}/elements`, block.elements, 1, 10);
  listOf(block.elements).forEach((element, index) => {
    const at = `${pointer}/elements/${index}`;
    if (isObject(element) && element.type === 'image') checkImage(element, at, complaints);
    else complaints.text(at, element, 3000);
  });
}

function checkActions(block: JsonObject, pointer: string, complaints: Complaints): void {
  complaints.count(`${pointer}/elements`, block.elements, 1, 25);
  const ids = new Set<string>();
  listOf(block.elements).forEach((element, index) => {
    const at = `${pointer}/elements/${index}`;
    checkElement(element, at, 'actions', complaints);
    const id = isObject(element) ? element.action_id : undefined;
    if (id === undefined) return;
    if (ids.has(String(id))) complaints.add(`${at}/action_id`, `action_id ${String(id)} already exists`);
    ids.add(String(id));
  });
}

function checkInput(block: JsonObject, pointer: string, complaints: Complaints): void {
  complaints.text(`${pointer}/label`, block.label, 2000, ['plain_text']);
  if (block.hint !== undefined) complaints.text(`${pointer}/hint`, block.hint, 2000, ['plain_text']);
  checkElement(block.element, `${pointer}/element`, 'input', complaints);
}

function checkImage(image: JsonObject, pointer: string, complaints: Complaints): void {
  if (image.image_url === undefined && image.slack_file === undefined) {
    complaints.add(pointer, 'missing required field: image_url');
  }
  if (image.image_url !== undefined) complaints.length(`${pointer}/image_url`, image.image_url, 3000);
  complaints.length(`${pointer}/alt_text`, image.alt_text, 2000);
  if (image.title !== undefined) {
    complaints.text(`${pointer}/title`, image.title, 2000, ['plain_text']);
  }
}
