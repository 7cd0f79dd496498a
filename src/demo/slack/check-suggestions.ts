/** The rules for options, in a view or in the answer to a search: https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
import { isObject, listOf } from './block.ts';
import { Complaints } from './complaints.ts';

export const MAX_OPTIONS = 100;

export function checkOption(
  option: unknown,
  pointer: string,
  valueChars: number,
  complaints: Complaints,
): void {
  if (!isObject(option)) {
    complaints.add(pointer, 'must be an object');
    return;
  }
  complaints.text(`${pointer}/text`, option.text, 75);
  complaints.length(`${pointer}/value`, option.value, valueChars);
  if (option.description !== undefined) complaints.text(`${pointer}/description`, option.description, 75);
}

/** @returns complaints about the acknowledgement of a block_suggestion */
export function checkSuggestions(answer: unknown): string[] {
  const complaints = new Complaints();
  if (!isObject(answer)) {
    complaints.add('', 'missing required field: options');
    return complaints.list;
  }
  complaints.onlyFields('', answer, ['options', 'option_groups']);
  if (answer.option_groups === undefined) checkList(answer.options, '/options', complaints);
  else {
    complaints.count('/option_groups', answer.option_groups, 1, MAX_OPTIONS);
    listOf(answer.option_groups).forEach((group, index) => {
      const at = `/option_groups/${index}`;
      const { label, options } = isObject(group) ? group : {};
      complaints.text(`${at}/label`, label, 75, ['plain_text']);
      checkList(options, `${at}/options`, complaints);
    });
  }
  return complaints.list;
}

function checkList(options: unknown, pointer: string, complaints: Complaints): void {
  complaints.count(pointer, options, 0, MAX_OPTIONS);
  listOf(options).forEach((option, index) => {
    checkOption(option, `${pointer}/${index}`, 75, complaints);
  });
}
