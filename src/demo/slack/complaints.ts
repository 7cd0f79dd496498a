/** Collects what is wrong with a piece of JSON, each complaint with a pointer, in Slack's words. */
import { isObject, type JsonObject } from './block.ts';

type TextType = 'plain_text' | 'mrkdwn';

export class Complaints {
  readonly list: string[] = [];

  add(pointer: string, complaint: string): void {
    this.list.push(`${complaint} [json-pointer:${pointer}]`);
  }

  /** A string of 1 to `max` characters. */
  length(pointer: string, value: unknown, max: number, min = 1): void {
    if (value === undefined) {
      this.missing(pointer);
      return;
    }
    if (typeof value !== 'string') {
      this.add(pointer, 'must be a string');
      return;
    }
    if (value.length < min) this.add(pointer, `must be more than ${min - 1} characters`);
    if (value.length > max) this.add(pointer, `must be less than ${max + 1} characters`);
  }

  /** A text object, https://docs.slack.dev/reference/block-kit/composition-objects/text-object */
  text(
    pointer: string,
    value: unknown,
    max: number,
    types: readonly TextType[] = ['plain_text', 'mrkdwn'],
  ): void {
    if (value === undefined) {
      this.missing(pointer);
      return;
    }
    if (!isObject(value)) {
      this.add(pointer, 'must be an object');
      return;
    }
    const type = value.type;
    if (!types.some((each) => each === type)) {
      this.add(`${pointer}/type`, `unsupported type: ${String(type)}`);
      return;
    }
    this.onlyFields(pointer, value, ['type', 'text', type === 'mrkdwn' ? 'verbatim' : 'emoji']);
    this.length(`${pointer}/text`, value.text, max);
  }

  count(pointer: string, value: unknown, min: number, max: number): void {
    if (!Array.isArray(value)) {
      this.missing(pointer);
      return;
    }
    if (value.length < min) this.add(pointer, `must have at least ${min} item`);
    if (value.length > max) this.add(pointer, `no more than ${max} items allowed`);
  }

  onlyFields(pointer: string, value: JsonObject, allowed: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key)) this.add(pointer, `invalid additional property: ${key}`);
    }
  }

  missing(pointer: string): void {
    const cut = pointer.lastIndexOf('/');
    this.add(pointer.slice(0, cut), `missing required field: ${pointer.slice(cut + 1)}`);
  }
}
