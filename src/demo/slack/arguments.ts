/** The arguments of a call, whether they came as a form (objects as JSON strings) or as JSON. */
import { isObject, type JsonObject } from './block.ts';
import { Refusal } from './refusal.ts';

export class Arguments {
  readonly raw: JsonObject;

  constructor(raw: JsonObject) {
    this.raw = raw;
  }

  /** @param contentType of the request; @throws Refusal on a body that is not of its type */
  static parse(body: string, contentType: string): Arguments {
    if (contentType.startsWith('application/json')) {
      const parsed = parseJson(body === '' ? '{}' : body);
      if (!isObject(parsed)) throw new Refusal('json_not_object');
      return new Arguments(parsed);
    }
    if (contentType.startsWith('application/x-www-form-urlencoded') || body === '') {
      return new Arguments(Object.fromEntries(new URLSearchParams(body)));
    }
    throw new Refusal(contentType === '' ? 'missing_post_type' : 'invalid_post_type');
  }

  text(key: string): string | undefined {
    const value = this.raw[key];
    return value === undefined || value === null || value === '' ? undefined : String(value);
  }

  flag(key: string): boolean | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : value === 'true' || value === '1';
  }

  number(key: string): number | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : Number(value);
  }

  /** @param otherwise Slack's code for JSON that cannot be read */
  json(key: string, otherwise: string): unknown {
    const value = this.raw[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      throw new Refusal(otherwise);
    }
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal('invalid_json');
  }
}
