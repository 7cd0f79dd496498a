import type { JsonObject } from './block.ts';

/** What Slack answers with `ok: false`. Thrown by a method, turned into the answer at the server's border. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly extra: JsonObject;

  constructor(code: string, extra: JsonObject = {}) {
    super(`Slack refused the call: ${code}`);
    this.code = code;
    this.extra = extra;
  }
}

/**
 * Slack's form of "this part of the JSON is wrong".
 * @param messages such as `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`
 */
export function refuseContent(code: string, messages: readonly string[]): Refusal {
  return new Refusal(code, {
    errors: messages,
    response_metadata: { messages: messages.map((each) => `[ERROR] ${each}`) },
  });
}
