/** Clicks: approve, deny, cancel, retry, new link. A click counts as the person whom the platform's signed payload names. */
import type { Logger } from '../log.ts';
import type { Advancer } from './advance.ts';
import { type AuditEntry, type AuditEvent, requestFacts } from './audit.ts';
import type { CancelRequest } from './cancel-request.ts';
import type { ActionAnswer, ChatPlatform, IncomingAction, Language } from './chat/chat-platform.ts';
import type { Message } from './chat/message.ts';
import type { DumpQueues } from './dump-queues.ts';
import { approve, type DumpRequest, deny, MoveError, propose, requesterOf, resume } from './dump-request.ts';
import type { HandOutLink } from './hand-out-link.ts';
import {
  linkReply,
  moveReply,
  notice,
  policyReply,
  refusal,
  targetText,
  unavailable,
  wishReply,
} from './messages/replies.ts';
import { type KnownPeople, whoIs } from './people.ts';
import { covers, decide, mayReview, type PersonInGroups, type Rule, termsOf } from './policy.ts';
import type { PrivatePlaces } from './private-places.ts';
import { newRequestId } from './request-id.ts';
import type { RequestStore } from './request-store.ts';
import { type UsualTransfer, wishOf } from './transfer-terms.ts';
import type { Words } from './words/words.ts';

export interface ReviewDeps {
  readonly store: RequestStore;
  readonly queues: DumpQueues;
  readonly advancer: Advancer;
  readonly cancel: CancelRequest;
  readonly handOutLink: HandOutLink;
  readonly rules: readonly Rule[];
  readonly accounts: KnownPeople['accounts'];
  readonly usualTransfer: UsualTransfer;
  readonly privatePlaces: PrivatePlaces;
  readonly words: (language: Language) => Words;
  readonly now: () => number;
  readonly log: Logger;
}

interface Click {
  readonly platform: ChatPlatform;
  readonly incoming: IncomingAction;
  readonly request: DumpRequest;
  readonly rule: Rule;
  readonly who: PersonInGroups;
  readonly words: Words;
}

const NOTHING: ActionAnswer = { kind: 'nothing' };
const say = (message: Message): ActionAnswer => ({ kind: 'reply', message });

export function createActionHandler(deps: ReviewDeps) {
  const { store, advancer, rules, now, log } = deps;

  return async function handleAction(
    platform: ChatPlatform,
    incoming: IncomingAction,
  ): Promise<ActionAnswer> {
    const words = deps.words(incoming.language);
    try {
      // A click that comes twice is one click: the second would only tell the person what they know.
      if (!(await store.firstSight(`action:${incoming.id}`))) return NOTHING;
      const request = await store.get(incoming.requestId);
      if (request === undefined) return say(refusal(words, words.replies.noSuchRequest(incoming.requestId)));
      const who = await whoIs(platform, incoming.person, deps);
      if (who === undefined) {
        await store.record(refusedOutsider(request, incoming));
        return say(refusal(words, words.replies.outsider));
      }
      const rule = rules.find(({ name }) => name === request.rule);
      if (rule === undefined || !covers(rule, request.target))
        return say(refusal(words, words.replies.noRule(targetText(request.target))));
      return await decideClick({ platform, incoming, request, rule, who, words });
    } catch (error) {
      if (error instanceof MoveError) return say(moveReply(words, error));
      log.error(
        { err: error, requestId: incoming.requestId, action: incoming.action },
        'click could not be carried out',
      );
      return say(unavailable(words));
    }
  };

  async function decideClick(click: Click): Promise<ActionAnswer> {
    switch (click.incoming.action) {
      case 'approve':
        return (await refusedToReview(click)) ?? approveIt(click);
      case 'deny':
        return (await refusedToReview(click)) ?? denyIt(click);
      case 'cancel':
        return (await deps.cancel(click.request, click.who)) === 'ok'
          ? NOTHING
          : say(refusal(click.words, click.words.replies.mayNotCancel));
      case 'retry':
        return retryIt(click);
      case 'new-link':
        return newLink(click);
    }
  }

  async function refusedToReview({
    request,
    rule,
    who,
    words,
    incoming,
  }: Click): Promise<ActionAnswer | undefined> {
    const verdict = mayReview(rule, requesterOf(request), who);
    if (verdict === 'ok') return undefined;
    await store.record({
      ...entryOf('decision-refused', request, who),
      facts: { action: incoming.action, why: verdict },
    });
    return say(
      refusal(words, verdict === 'own-request' ? words.replies.ownRequest : words.replies.notAReviewer),
    );
  }

  async function approveIt({ request, who, words }: Click): Promise<ActionAnswer> {
    const moved = await store.change(
      request.id,
      (before) => approve(before, who.person, now(), who.alsoKnownAs),
      (after) => entryOf('approved', after, who),
    );
    await advancer.advance(request.id);
    const after = moved?.request;
    return after?.state === 'pending'
      ? say(
          notice(
            words.card.id(request.id),
            words.replies.approvalCounted(after.approvals.length, after.approvalsNeeded),
          ),
        )
      : NOTHING;
  }

  async function denyIt({ request, who, words, incoming }: Click): Promise<ActionAnswer> {
    if (incoming.text === undefined) {
      // Tried on a copy, so that nobody writes a reason for a request that is decided already.
      deny(request, who.person, undefined, now());
      return { kind: 'ask', ...words.denyForm };
    }
    const reason = incoming.text.trim().slice(0, 1000) || undefined;
    await store.change(
      request.id,
      (before) => deny(before, who.person, reason, now()),
      (after) => ({ ...entryOf('denied', after, who), facts: reason === undefined ? {} : { reason } }),
    );
    await advancer.advance(request.id);
    return NOTHING;
  }

  async function retryIt(click: Click): Promise<ActionAnswer> {
    const { request, rule, who, words } = click;
    const allowed = request.requester === who.person || mayReview(rule, request.requester, who) === 'ok';
    if (!allowed) return say(refusal(words, words.replies.notYours));
    if (
      request.outcome?.outcome === 'failed' &&
      request.outcome.retry === 'new-approval' &&
      request.state === 'failed'
    )
      return askAgain(click);
    await deps.queues.clearCancel(request.id);
    await store.change(
      request.id,
      (before) => resume(before, now()),
      (after) => entryOf('retried', after, who),
    );
    await advancer.advance(request.id);
    return say(notice(words.card.id(request.id), words.replies.retryQueued(request.id)));
  }

  /** A request like the failed one, with a look and an approval of its own. Asked by whoever clicked. */
  async function askAgain({ request, who, words, incoming, platform }: Click): Promise<ActionAnswer> {
    const { cluster, namespace, pod, container } = request.target;
    const target = { cluster, namespace, pod, ...(container === undefined ? {} : { container }) };
    const verdict = decide(rules, who, target);
    if (verdict.kind === 'deny') return say(policyReply(words, verdict, target));
    const wish = wishOf(request.transfer, deps.usualTransfer);
    const terms = termsOf(verdict.rule, wish, deps.usualTransfer);
    if (terms.kind === 'deny') return say(wishReply(words, terms));
    const again = propose(
      {
        id: newRequestId(),
        requester: who.person,
        // Where the first was spoken of, unless that is on a platform which the new one's requester is not on.
        place: request.requester.startsWith(`${platform.name}:`) ? request.place : incoming.place,
        target,
        reason: request.reason,
        ...terms.terms,
        repeats: request.id,
      },
      now(),
    );
    // One repetition for each failure, however often the button is pressed.
    const { id, isNew } = await store.create(again, `repeat:${request.id}`, {
      ...entryOf('requested', again, who),
      facts: requestFacts(again),
    });
    log.info({ requestId: id, repeats: request.id, clickId: incoming.id }, 'heap dump requested again');
    if (!isNew) return say(notice(words.card.id(id), words.replies.repeated(id)));
    deps.privatePlaces.remember(id, incoming.privately);
    // Not waited for: the person is told at once that somebody looks, and later what was found.
    void advancer.advance(id);
    return say(notice(words.card.title(pod), words.replies.looking(targetText(target), id)));
  }

  async function newLink({ request, rule, who, words }: Click): Promise<ActionAnswer> {
    if (request.outcome?.outcome !== 'completed') return say(refusal(words, words.replies.noDumpYet));
    const link = await deps.handOutLink(request, rule, who);
    switch (link.kind) {
      case 'link':
        return say(linkReply(words, request, link));
      case 'not-allowed':
        return say(refusal(words, words.replies.mayNotDownload));
      case 'gone':
        return say(notice(words.replies.unavailableTitle, words.replies.dumpGone));
      case 'not-possible':
        return say(notice(words.replies.unavailableTitle, words.replies.linkRefused));
    }
  }

  function refusedOutsider(request: DumpRequest, { person, action }: IncomingAction): AuditEntry {
    const event = action === 'new-link' ? 'link-refused' : 'decision-refused';
    return { ...entryOf(event, request, { person }), facts: { action, why: 'outsider' } };
  }

  function entryOf(
    event: AuditEvent,
    request: DumpRequest,
    { person }: Pick<PersonInGroups, 'person'>,
  ): AuditEntry {
    return {
      at: now(),
      event,
      requestId: request.id,
      by: person,
      target: targetText(request.target),
      facts: {},
    };
  }
}
