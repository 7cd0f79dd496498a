import type { DumpRequest } from '../dump-request.ts';
import type { Words } from '../words/words.ts';

/** Its state, or what became of its object; and that nobody vouches for it, where that is so. */
export function standingText(request: DumpRequest, words: Words): string {
  const state = request.goneAt === undefined ? words.states[request.state] : words.home.gone;
  return request.restored?.signed === false
    ? `${state}${words.punctuation.comma}${words.home.unsigned}`
    : state;
}
