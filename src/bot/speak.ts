/**
 * Makes chat say what the request's state says. Level-triggered: it compares what was said with what is to be said,
 * so it may run at any time and as often as it likes; save first, then speak.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { Progress } from '../worker/dump-job.ts';
import { ChatError, type ChatPlatform, type MessageRef, type Place } from './chat/chat-platform.ts';
import type { Message } from './chat/message.ts';
import { type DumpRequest, isFinal, type Utterance } from './dump-request.ts';
import { progressMessage } from './messages/progress-message.ts';
import { preflightReply, statusReply } from './messages/replies.ts';
import { requestCard } from './messages/request-card.ts';
import { type DownloadLink, resultMessage } from './messages/result-message.ts';
import type { Who } from './policy.ts';
import type { PrivatePlaces } from './private-places.ts';
import type { RequestStore } from './request-store.ts';
import type { UsualTransfer } from './transfer-terms.ts';
import type { Words } from './words/words.ts';

export interface SpeakDeps {
  readonly store: RequestStore;
  readonly platformOf: (request: DumpRequest) => ChatPlatform;
  readonly wordsOf: (platform: ChatPlatform) => Words;
  readonly reviewersOf: (request: DumpRequest) => readonly Who[];
  readonly usualTransfer: UsualTransfer;
  /** A link for the thread, on the audit record already; undefined where the config keeps links private. */
  readonly threadLink: (request: DumpRequest) => Promise<DownloadLink | undefined>;
  readonly privatePlaces: PrivatePlaces;
  readonly log: Logger;
}

export interface Speaker {
  /**
   * @returns the request with what was said noted in it
   * @throws ChatError where the platform cannot be reached: the reconciler comes back to it
   */
  speak(request: DumpRequest, progress: Progress | undefined): Promise<DumpRequest>;
  isAllSaid(request: DumpRequest): boolean;
}

export function createSpeaker(deps: SpeakDeps): Speaker {
  const { store, log } = deps;

  const note = async (request: DumpRequest, slot: string, utterance: Utterance): Promise<DumpRequest> => {
    const saved = await store.change(request.id, (now) => ({
      ...now,
      spoken: { ...now.spoken, [slot]: utterance },
    }));
    return saved?.request ?? request;
  };

  /** Posts once for good: that it is about to be said is saved before it is said. */
  const post = async (
    request: DumpRequest,
    slot: string,
    place: Place,
    message: Message,
  ): Promise<DumpRequest> => {
    const before = request.spoken[slot] ?? { attempts: 0, generation: 0 };
    const trying = { attempts: before.attempts + 1, generation: before.generation };
    const noted = await note(request, slot, trying);
    const ref = await deps.platformOf(request).post(place, message, {
      key: `${request.id}/${slot}/${before.generation}`,
      mayExist: before.attempts > 0,
    });
    return note(noted, slot, { ...trying, ref, digest: digestOf(message) });
  };

  const show = async (
    request: DumpRequest,
    slot: string,
    place: Place,
    message: Message,
  ): Promise<DumpRequest> => {
    const said = request.spoken[slot];
    if (said?.ref === undefined) return post(request, slot, place, message);
    if (said.digest === digestOf(message)) return request;
    try {
      const ref = await deps.platformOf(request).update(said.ref, message);
      return await note(request, slot, { ...said, ref, digest: digestOf(message) });
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'message-gone') throw error;
      log.info({ requestId: request.id, slot }, 'message was deleted by somebody, posting it anew');
      const anew = await note(request, slot, { attempts: 0, generation: said.generation + 1 });
      return post(anew, slot, place, message);
    }
  };

  /** A channel that was archived, or that the bot was removed from, stops neither the work nor its result. */
  const unlessPlaceGone = async (
    said: Promise<DumpRequest>,
    otherwise: () => DumpRequest | Promise<DumpRequest>,
  ): Promise<DumpRequest> => {
    try {
      return await said;
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'place-gone') throw error;
      return otherwise();
    }
  };

  const tellDirectly = async (request: DumpRequest, slot: string, message: Message): Promise<DumpRequest> => {
    const said = request.spoken[slot];
    if (said?.digest !== undefined) return request;
    await deps
      .platformOf(request)
      .replyPrivately(deps.privatePlaces.of(request.id), request.requester, message);
    return note(request, slot, { attempts: 1, generation: 0, digest: digestOf(message) });
  };

  return {
    isAllSaid: (request) =>
      isFinal(request.state) && request.spoken[resultSlot(request)]?.digest !== undefined,

    async speak(request, progress) {
      const platform = deps.platformOf(request);
      const words = deps.wordsOf(platform);
      let now = request;
      if (now.preflight === undefined) {
        if (!isFinal(now.state)) return now;
        const message =
          now.outcome?.outcome === 'failed'
            ? preflightReply(words, now, now.outcome)
            : statusReply(words, now);
        return tellDirectly(now, resultSlot(now), message);
      }
      const asIs = (): DumpRequest => now;
      const showing = show(
        now,
        'card',
        now.place,
        requestCard(now, words, deps.reviewersOf(now), deps.usualTransfer),
      );
      // A pending card that nobody can see is the caller's business; later the work goes on without its audience.
      now = now.state === 'pending' ? await showing : await unlessPlaceGone(showing, asIs);
      const card = now.spoken.card?.ref;
      const thread = card === undefined ? now.place : platform.threadOf(card as MessageRef);

      const earlier = earlierFailure(now, words);
      if (earlier !== undefined) {
        now = await unlessPlaceGone(show(now, earlier.slot, thread, earlier.message), asIs);
      }

      if (now.run > 0) {
        const slot = `progress-${now.run}`;
        // A run that ended before anybody heard of it needs no checklist, only its result.
        if (!isFinal(now.state) || now.spoken[slot]?.ref !== undefined) {
          now = await unlessPlaceGone(show(now, slot, thread, progressMessage(now, progress, words)), asIs);
        }
      }

      const slot = resultSlot(now);
      if (isFinal(now.state) && now.spoken[slot]?.digest === undefined) {
        const link = now.state === 'completed' ? await deps.threadLink(now) : undefined;
        const message = resultMessage(now, words, link);
        // Links are posted and never edited in: an edited message has no switch against previews.
        if (message !== undefined) {
          // Where the place is gone, the requester hears it directly.
          now = await unlessPlaceGone(post(now, slot, thread, message), () =>
            tellDirectly(now, slot, message),
          );
        }
      }
      return now;
    },
  };

  /** After a retry began, the message of the failure before it loses its button. */
  function earlierFailure(
    request: DumpRequest,
    words: Words,
  ): { slot: string; message: Message } | undefined {
    if (isFinal(request.state) || request.outcome?.outcome !== 'failed') return undefined;
    const slot = `result-${request.state === 'approved' ? request.run : request.run - 1}`;
    if (request.spoken[slot]?.ref === undefined) return undefined;
    const message = resultMessage({ ...request, state: 'failed' }, words, undefined);
    return message === undefined ? undefined : { slot, message: { ...message, buttons: [] } };
  }
}

const resultSlot = (request: DumpRequest): string => `result-${request.run}`;

const digestOf = (message: Message): string =>
  createHash('sha256').update(JSON.stringify(message)).digest('base64url').slice(0, 22);
