/** Says each thing once: that it is about to be said is saved before it is said, and what was said afterwards. */
import { createHash } from 'node:crypto';
import type { Logger } from '../log.ts';
import { ChatError, type ChatPlatform, type Place } from './chat/chat-platform.ts';
import type { HomePage } from './chat/home-page.ts';
import type { Message } from './chat/message.ts';
import type { DumpRequest, Utterance } from './dump-request.ts';
import type { RequestStore } from './request-store.ts';

/** One message of a request. */
export interface Said {
  readonly slot: string;
  readonly platform: ChatPlatform;
  readonly place: Place;
  readonly message: Message;
}

export interface Utterances {
  note(request: DumpRequest, slot: string, utterance: Utterance): Promise<DumpRequest>;
  /** @returns the request with what was said noted in it. @throws ChatError */
  post(request: DumpRequest, said: Said): Promise<DumpRequest>;
  /**
   * Posts it, or shows it in the place of what the slot says now.
   * @param overtaken what only waits for its turn is then not shown, and noted nowhere
   * @throws ChatError
   */
  show(request: DumpRequest, said: Said, overtaken?: AbortSignal): Promise<DumpRequest>;
}

export function createUtterances({ store, log }: { store: RequestStore; log: Logger }): Utterances {
  const note: Utterances['note'] = async (request, slot, utterance) => {
    const saved = await store.change(request.id, (now) => ({
      ...now,
      spoken: { ...now.spoken, [slot]: utterance },
    }));
    return saved?.request ?? request;
  };

  const post: Utterances['post'] = async (request, { slot, platform, place, message }) => {
    const before = request.spoken[slot] ?? { attempts: 0, generation: 0 };
    const trying = { attempts: before.attempts + 1, generation: before.generation };
    const noted = await note(request, slot, trying);
    const ref = await platform.post(place, message, {
      key: `${request.id}/${slot}/${before.generation}`,
      mayExist: before.attempts > 0,
    });
    return note(noted, slot, { ...trying, ref, digest: digestOf(message) });
  };

  return {
    note,
    post,
    async show(request, said, overtaken) {
      const { slot, platform, message } = said;
      const before = request.spoken[slot];
      if (before?.ref === undefined) return post(request, said);
      if (before.digest === digestOf(message)) return request;
      try {
        const ref = await platform.update(before.ref, message, overtaken);
        return await note(request, slot, { ...before, ref, digest: digestOf(message) });
      } catch (error) {
        if (!(error instanceof ChatError) || error.code !== 'message-gone') throw error;
        log.info({ requestId: request.id, slot }, 'message was deleted by somebody, posting it anew');
        const anew = await note(request, slot, { attempts: 0, generation: before.generation + 1 });
        return post(anew, said);
      }
    },
  };
}

/** Another one means that something else is to be shown. */
export const digestOf = (message: Message | HomePage): string =>
  createHash('sha256').update(JSON.stringify(message)).digest('base64url').slice(0, 22);
