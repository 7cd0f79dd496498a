/** The rules for rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
import { isObject, type JsonObject, listOf } from './block.ts';
import type { Complaints } from './complaints.ts';

const CONTAINERS: Record<string, readonly string[]> = {
  rich_text_section: [],
  rich_text_list: ['style', 'indent', 'offset', 'border'],
  rich_text_quote: ['border'],
  rich_text_preformatted: ['border', 'language'],
};

/** Fields of each element; the first is required. */
const ELEMENTS: Record<string, readonly [string, ...string[]]> = {
  text: ['text'],
  user: ['user_id'],
  usergroup: ['usergroup_id'],
  channel: ['channel_id'],
  team: ['team_id'],
  broadcast: ['range'],
  emoji: ['name', 'unicode', 'skin_tone', 'url', 'display_name', 'display_url', 'display_team_id'],
  link: ['url', 'text', 'unsafe'],
  date: ['timestamp', 'format', 'url', 'fallback'],
  color: ['value'],
};

const STYLES = ['bold', 'italic', 'strike', 'code', 'underline', 'highlight', 'client_highlight', 'unlink'];

export function checkRichText(block: JsonObject, pointer: string, complaints: Complaints): void {
  complaints.count(`${pointer}/elements`, block.elements, 1, Number.POSITIVE_INFINITY);
  for (const [index, container] of listOf(block.elements).entries()) {
    checkContainer(container, `${pointer}/elements/${index}`, Object.keys(CONTAINERS), complaints);
  }
}

function checkContainer(
  container: unknown,
  pointer: string,
  types: readonly string[],
  complaints: Complaints,
): void {
  const type = isObject(container) ? String(container.type) : '';
  if (!isObject(container) || !types.includes(type)) {
    complaints.add(`${pointer}/type`, `unsupported type: ${type}`);
    return;
  }
  complaints.onlyFields(pointer, container, ['type', 'elements', ...(CONTAINERS[type] ?? [])]);
  complaints.count(`${pointer}/elements`, container.elements, 1, Number.POSITIVE_INFINITY);
  if (type === 'rich_text_list' && container.style !== 'bullet' && container.style !== 'ordered') {
    complaints.add(`${pointer}/style`, `unsupported value: ${String(container.style)}`);
  }
  for (const [index, element] of listOf(container.elements).entries()) {
    const at = `${pointer}/elements/${index}`;
    if (type === 'rich_text_list') checkContainer(element, at, ['rich_text_section'], complaints);
    else checkElement(element, at, type === 'rich_text_preformatted', complaints);
  }
}

function checkElement(
  element: unknown,
  pointer: string,
  preformatted: boolean,
  complaints: Complaints,
): void {
  const type = isObject(element) ? String(element.type) : '';
  const fields = ELEMENTS[type];
  const allowed = !preformatted || type === 'text' || type === 'link';
  if (!isObject(element) || fields === undefined || !allowed) {
    complaints.add(`${pointer}/type`, `unsupported type: ${type}`);
    return;
  }
  complaints.onlyFields(pointer, element, ['type', 'style', ...fields]);
  const [required] = fields;
  if (type === 'date') {
    if (!Number.isInteger(element.timestamp)) complaints.add(`${pointer}/timestamp`, 'must be an integer');
    complaints.length(`${pointer}/format`, element.format, Number.POSITIVE_INFINITY);
  } else complaints.length(`${pointer}/${required}`, element[required], Number.POSITIVE_INFINITY);
  if (type === 'broadcast' && !['here', 'channel', 'everyone'].includes(String(element.range))) {
    complaints.add(`${pointer}/range`, `unsupported value: ${String(element.range)}`);
  }
  if (isObject(element.style)) complaints.onlyFields(`${pointer}/style`, element.style, STYLES);
}
