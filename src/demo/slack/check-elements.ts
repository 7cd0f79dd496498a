/** The rules for buttons, menus and inputs: https://docs.slack.dev/reference/block-kit/block-elements */
import { isObject, type JsonObject, listOf } from './block.ts';
import { checkOption, MAX_OPTIONS } from './check-suggestions.ts';
import type { Complaints } from './complaints.ts';

type Holder = 'section' | 'actions' | 'input';

const COMMON = ['type', 'action_id'];
const MENU = [...COMMON, 'placeholder', 'confirm', 'focus_on_load'];

const FIELDS: Record<string, readonly string[]> = {
  button: [...COMMON, 'text', 'url', 'value', 'style', 'confirm', 'accessibility_label'],
  static_select: [...MENU, 'options', 'option_groups', 'initial_option'],
  external_select: [...MENU, 'initial_option', 'min_query_length'],
  users_select: [...MENU, 'initial_user'],
  conversations_select: [...MENU, 'initial_conversation', 'default_to_current_conversation', 'filter'],
  channels_select: [...MENU, 'initial_channel', 'response_url_enabled'],
  overflow: [...COMMON, 'options', 'confirm'],
  checkboxes: [...COMMON, 'options', 'initial_options', 'confirm', 'focus_on_load'],
  radio_buttons: [...COMMON, 'options', 'initial_option', 'confirm', 'focus_on_load'],
  datepicker: [...MENU, 'initial_date'],
  plain_text_input: [
    ...COMMON,
    'initial_value',
    'multiline',
    'min_length',
    'max_length',
    'dispatch_action_config',
    'focus_on_load',
    'placeholder',
  ],
};

const ALLOWED: Record<Holder, (type: string) => boolean> = {
  section: (type) => type !== 'plain_text_input',
  actions: (type) => type !== 'plain_text_input',
  input: (type) => type !== 'button' && type !== 'overflow',
};

export function checkElement(
  element: unknown,
  pointer: string,
  holder: Holder,
  complaints: Complaints,
): void {
  if (element === undefined) {
    complaints.missing(pointer);
    return;
  }
  if (!isObject(element)) {
    complaints.add(pointer, 'must be an object');
    return;
  }
  const type = String(element.type);
  const fields = FIELDS[type];
  if (fields === undefined || !ALLOWED[holder](type)) {
    complaints.add(`${pointer}/type`, `unsupported type: ${type}`);
    return;
  }
  complaints.onlyFields(pointer, element, fields);
  if (element.action_id !== undefined) complaints.length(`${pointer}/action_id`, element.action_id, 255);
  if (element.placeholder !== undefined) {
    complaints.text(`${pointer}/placeholder`, element.placeholder, 150, ['plain_text']);
  }
  if (element.confirm !== undefined) checkConfirm(element.confirm, `${pointer}/confirm`, complaints);
  if (type === 'button') checkButton(element, pointer, complaints);
  if (type === 'plain_text_input') checkTextInput(element, pointer, complaints);
  if (element.options !== undefined) checkOptions(element, pointer, type, complaints);
  if (type.endsWith('_select')) checkMenu(element, pointer, complaints);
}

function checkButton(button: JsonObject, pointer: string, complaints: Complaints): void {
  complaints.text(`${pointer}/text`, button.text, 75, ['plain_text']);
  if (button.value !== undefined) complaints.length(`${pointer}/value`, button.value, 2000, 0);
  if (button.url !== undefined) complaints.length(`${pointer}/url`, button.url, 3000);
  const style = button.style;
  if (style !== undefined && style !== 'primary' && style !== 'danger') {
    complaints.add(`${pointer}/style`, `unsupported value: ${String(style)}`);
  }
}

function checkConfirm(confirm: unknown, pointer: string, complaints: Complaints): void {
  if (!isObject(confirm)) {
    complaints.add(pointer, 'must be an object');
    return;
  }
  complaints.onlyFields(pointer, confirm, ['title', 'text', 'confirm', 'deny', 'style']);
  complaints.text(`${pointer}/title`, confirm.title, 100, ['plain_text']);
  complaints.text(`${pointer}/text`, confirm.text, 300);
  complaints.text(`${pointer}/confirm`, confirm.confirm, 30, ['plain_text']);
  complaints.text(`${pointer}/deny`, confirm.deny, 30, ['plain_text']);
}

function checkTextInput(input: JsonObject, pointer: string, complaints: Complaints): void {
  const { min_length: min, max_length: max } = input;
  if (min !== undefined && !(typeof min === 'number' && min >= 0 && min <= 3000)) {
    complaints.add(`${pointer}/min_length`, 'must be between 0 and 3000');
  }
  if (max !== undefined && !(typeof max === 'number' && max >= 1 && max <= 3000)) {
    complaints.add(`${pointer}/max_length`, 'must be between 1 and 3000');
  }
  if (input.initial_value !== undefined) {
    complaints.length(`${pointer}/initial_value`, input.initial_value, 3000, 0);
  }
}

function checkOptions(element: JsonObject, pointer: string, type: string, complaints: Complaints): void {
  const most = type === 'overflow' ? 5 : type === 'checkboxes' || type === 'radio_buttons' ? 10 : MAX_OPTIONS;
  complaints.count(`${pointer}/options`, element.options, 1, most);
  listOf(element.options).forEach((option, index) => {
    checkOption(option, `${pointer}/options/${index}`, type === 'static_select' ? 150 : 75, complaints);
  });
}

function checkMenu(menu: JsonObject, pointer: string, complaints: Complaints): void {
  const { type, initial_option: initial, min_query_length: atLeast } = menu;
  if (type === 'static_select' && menu.options === undefined && menu.option_groups === undefined) {
    complaints.missing(`${pointer}/options`);
  }
  if (atLeast !== undefined && !(Number.isInteger(atLeast) && Number(atLeast) >= 0)) {
    complaints.add(`${pointer}/min_query_length`, 'must be an integer');
  }
  if (initial === undefined) return;
  checkOption(initial, `${pointer}/initial_option`, type === 'static_select' ? 150 : 75, complaints);
  const isListed = listOf(menu.options).some((option) => JSON.stringify(option) === JSON.stringify(initial));
  if (type === 'static_select' && menu.options !== undefined && !isListed) {
    complaints.add(`${pointer}/initial_option`, 'must be one of the provided options');
  }
}
