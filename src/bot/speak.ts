/**
 * Makes chat say what the request's state says. Level-triggered: it compares what was said with what is to be said,
 * so it may run at any time and as often as it likes; save first, then speak.
 */
import type { Logger } from '../log.ts';
import type { Progress } from '../worker/dump-job.ts';
import type { Copy } from './announce.ts';
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
import { createUtterances, digestOf, type Said } from './utterances.ts';
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
  /** Where else its card is to stand. */
  readonly copiesOf: (request: DumpRequest) => readonly Copy[];
  readonly now: () => number;
  readonly log: Logger;
}

export interface Speaker {
  /**
   * @param overtaken how far the work has come is then left unsaid, if it still waits for its turn
   * @returns the request with what was said noted in it
   * @throws ChatError where the platform cannot be reached: the reconciler comes back to it; 'overtaken'
   */
  speak(request: DumpRequest, progress: Progress | undefined, overtaken: AbortSignal): Promise<DumpRequest>;
  isAllSaid(request: DumpRequest): boolean;
}

/** After a platform failed with the copy of a card: what is said in the request's own place does not wait for it again. */
const COPY_PAUSE_MS = 15_000;

export function createSpeaker(deps: SpeakDeps): Speaker {
  const { store, log } = deps;
  const { note, post, show } = createUtterances({ store, log });
  /** By platform. */
  const copiesPausedUntil = new Map<string, number>();

  const cardFor = (request: DumpRequest, platform: ChatPlatform): Message =>
    requestCard(request, deps.wordsOf(platform), deps.reviewersOf(request), deps.usualTransfer);

  /** Trouble in another place never is trouble of the request: it is put right later, or named for the operator. */
  const showCopies = async (request: DumpRequest): Promise<DumpRequest> => {
    let now = request;
    for (const { slot, platform, place } of deps.copiesOf(request)) {
      const before = now.spoken[slot];
      const isGivenUp = before?.digest !== undefined && before.ref === undefined;
      if (isGivenUp || deps.now() < (copiesPausedUntil.get(platform.name) ?? 0)) continue;
      const message = cardFor(now, platform);
      try {
        now = await show(now, { slot, platform, place, message });
      } catch (err) {
        if (!(err instanceof ChatError)) throw err;
        const { code, retryAfterMs = COPY_PAUSE_MS } = err;
        if (code === 'unreachable' || code === 'rate-limited') {
          copiesPausedUntil.set(platform.name, deps.now() + Math.max(retryAfterMs, COPY_PAUSE_MS));
          log.warn({ err, requestId: now.id, slot }, 'announced card is not up to date, coming back to it');
          continue;
        }
        log.error(
          { err, requestId: now.id, slot },
          'request cannot be announced there: look at announce in its rule',
        );
        const tried = now.spoken[slot] ?? { attempts: 1, generation: 0 };
        now = await note(now, slot, { ...tried, digest: digestOf(message) });
      }
    }
    return now;
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

  const sayResult = async (
    request: DumpRequest,
    place: Place,
    platform: ChatPlatform,
  ): Promise<DumpRequest> => {
    const slot = resultSlot(request);
    if (request.spoken[slot]?.digest !== undefined) return request;
    const link = request.state === 'completed' ? await deps.threadLink(request) : undefined;
    // Links are posted and never edited in: an edited message has no switch against previews.
    const message = resultMessage(request, deps.wordsOf(platform), link);
    if (message === undefined) return request;
    // Where the place is gone, the requester hears it directly.
    return unlessPlaceGone(post(request, { slot, platform, place, message }), () =>
      tellDirectly(request, slot, message),
    );
  };

  return {
    isAllSaid: (request) =>
      isFinal(request.state) &&
      request.spoken[resultSlot(request)]?.digest !== undefined &&
      deps
        .copiesOf(request)
        .every(({ slot, platform }) => isSettled(request.spoken[slot], cardFor(request, platform))),

    async speak(request, progress, overtaken) {
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
      const said = (slot: string, place: Place, message: Message): Said => ({
        slot,
        platform,
        place,
        message,
      });
      const threadNow = (): Place => {
        const card = now.spoken.card?.ref;
        return card === undefined ? now.place : platform.threadOf(card as MessageRef);
      };
      // What people wait for does not queue behind changes of what stands already, of which a platform takes few.
      // Where nothing was run, the card's own change is the news: its buttons go first.
      if (isFinal(now.state) && now.run > 0 && now.spoken.card?.ref !== undefined)
        now = await sayResult(now, threadNow(), platform);
      const showing = show(now, said('card', now.place, cardFor(now, platform)));
      // A pending card that nobody can see is the caller's business; later the work goes on without its audience.
      now = now.state === 'pending' ? await showing : await unlessPlaceGone(showing, asIs);

      const earlier = earlierFailure(now, words);
      if (earlier !== undefined) {
        now = await unlessPlaceGone(show(now, said(earlier.slot, threadNow(), earlier.message)), asIs);
      }

      if (now.run > 0) {
        const slot = `progress-${now.run}`;
        // A run that ended before anybody heard of it needs no checklist, only its result.
        if (!isFinal(now.state) || now.spoken[slot]?.ref !== undefined) {
          const checklist = said(slot, threadNow(), progressMessage(now, progress, words));
          now = await unlessPlaceGone(show(now, checklist, isFinal(now.state) ? undefined : overtaken), asIs);
        }
      }

      if (isFinal(now.state)) now = await sayResult(now, threadNow(), platform);
      return showCopies(now);
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

/** It shows what is to be shown, or it was given up, or it never was said. */
const isSettled = (said: Utterance | undefined, message: Message): boolean =>
  said === undefined ||
  said.digest === digestOf(message) ||
  (said.digest !== undefined && said.ref === undefined);
