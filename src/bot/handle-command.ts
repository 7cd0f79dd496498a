/** What a person typed → an answer, or a request that the bot then takes care of. */
import type { Logger } from '../log.ts';
import type { Target } from '../worker/dump-job.ts';
import type { Advancer } from './advance.ts';
import { type AuditEvent, requestFacts } from './audit.ts';
import type { CancelRequest } from './cancel-request.ts';
import type { ChatPlatform, IncomingCommand, Language } from './chat/chat-platform.ts';
import type { Message, PersonRef } from './chat/message.ts';
import { type Command, type DumpCommand, parseCommand, type TypedTarget } from './command.ts';
import { type DumpRequest, MoveError, propose } from './dump-request.ts';
import {
  helpReply,
  listReply,
  moveReply,
  notice,
  policyReply,
  refusal,
  statusReply,
  targetText,
  unavailable,
  usageReply,
  wishReply,
} from './messages/replies.ts';
import { type KnownPeople, whoIs } from './people.ts';
import { decide, type PersonInGroups, type Rule, termsOf } from './policy.ts';
import type { PrivatePlaces } from './private-places.ts';
import { newRequestId } from './request-id.ts';
import type { RequestStore } from './request-store.ts';
import type { UsualTransfer } from './transfer-terms.ts';
import { canSee, visibleRequests } from './visible-requests.ts';
import type { Words } from './words/words.ts';

export interface CommandDeps {
  readonly store: RequestStore;
  readonly advancer: Advancer;
  readonly cancel: CancelRequest;
  readonly rules: readonly Rule[];
  readonly accounts: KnownPeople['accounts'];
  readonly usualTransfer: UsualTransfer;
  readonly clusters: readonly string[];
  readonly words: (language: Language) => Words;
  readonly privatePlaces: PrivatePlaces;
  readonly now: () => number;
  readonly log: Logger;
}

/** What an operator sees of a list at a glance; the whole is a later tab's. */
const LIST_LENGTH = 15;
export function createCommandHandler(deps: CommandDeps) {
  const { store, rules, now, log } = deps;

  /** @param given what a form made of it; else the text is read */
  return async function handleCommand(
    platform: ChatPlatform,
    incoming: IncomingCommand,
    given?: DumpCommand,
  ): Promise<void> {
    const words = deps.words(incoming.language);
    const reply = (message: Message) => platform.replyPrivately(incoming.privately, incoming.person, message);
    try {
      const parsed =
        given === undefined ? parseCommand(incoming.text) : ({ ok: true, command: given } as const);
      if (!parsed.ok) return await reply(usageReply(words, parsed, platform.command));
      if (parsed.command.kind === 'help')
        return await reply(helpReply(words, platform.command, platform.forms !== undefined));
      const who = await whoIs(platform, incoming.person, deps);
      if (who === undefined) {
        if (parsed.command.kind === 'dump') await recordOutsider(incoming, parsed.command);
        return await reply(refusal(words, words.replies.outsider));
      }
      await run(parsed.command, { platform, incoming, words, who, reply });
    } catch (err) {
      log.error({ err, commandId: incoming.id }, 'command could not be carried out');
      await reply(unavailable(words)).catch((failed: unknown) =>
        log.warn({ err: failed }, 'person could not be told'),
      );
    }
  };

  interface Asking {
    readonly platform: ChatPlatform;
    readonly incoming: IncomingCommand;
    readonly words: Words;
    readonly who: PersonInGroups;
    readonly reply: (message: Message) => Promise<void>;
  }

  async function run(command: Exclude<Command, { kind: 'help' }>, asking: Asking): Promise<void> {
    switch (command.kind) {
      case 'dump':
        return ask(command, asking);
      case 'list':
        return list(command.namespace, asking);
      case 'status': {
        const request = await visible(command.requestId, asking);
        return asking.reply(
          request === undefined
            ? refusal(asking.words, asking.words.replies.noSuchRequest(command.requestId))
            : statusReply(asking.words, request),
        );
      }
      case 'cancel':
        return cancelIt(command.requestId, asking);
    }
  }

  async function ask(command: Extract<Command, { kind: 'dump' }>, asking: Asking): Promise<void> {
    const { words, who, reply, incoming } = asking;
    const cluster = clusterOf(command.target);
    const known = deps.clusters.join(', ');
    if (cluster === undefined)
      return reply(notice(words.replies.usageTitle, words.replies.clusterNeeded(known)));
    if (!deps.clusters.includes(cluster))
      return reply(notice(words.replies.usageTitle, words.replies.unknownCluster(cluster, known)));
    const { namespace, pod, container } = command.target;
    const target: Target = { cluster, namespace, pod, ...(container === undefined ? {} : { container }) };

    const verdict = decide(rules, who, target);
    if (verdict.kind === 'deny') {
      await record('refused-by-policy', who.person, target, { why: verdict.why });
      return reply(policyReply(words, verdict, target));
    }
    const terms = termsOf(verdict.rule, command.transfer, deps.usualTransfer);
    if (terms.kind === 'deny') {
      const facts = { why: 'not-allowed', rule: terms.rule.name, wish: terms.wish };
      await record('refused-by-policy', who.person, target, facts);
      return reply(wishReply(words, terms));
    }
    const request = propose(
      {
        id: newRequestId(),
        requester: who.person,
        place: incoming.place,
        target,
        reason: command.reason,
        ...terms.terms,
      },
      now(),
    );
    const { id, isNew } = await store.create(request, incoming.id, {
      at: now(),
      event: 'requested',
      requestId: request.id,
      by: who.person,
      target: targetText(target),
      facts: requestFacts(request),
    });
    if (!isNew) {
      log.info({ requestId: id }, 'command was delivered twice');
      return;
    }
    log.info({ requestId: id, target: targetText(target), requester: who.person }, 'heap dump requested');
    deps.privatePlaces.remember(id, incoming.privately);
    // The look begins at once; the answer to the person does not wait for it, nor it for the answer.
    const looked = deps.advancer.advance(id);
    await reply(notice(words.card.title(pod), words.replies.looking(targetText(target), id))).catch(
      (err: unknown) => log.warn({ err, requestId: id }, 'person could not be told that somebody looks'),
    );
    await looked;
  }

  async function list(namespace: string | undefined, { words, who, reply, platform }: Asking): Promise<void> {
    const { requests, next } = await visibleRequests(
      store,
      (request) =>
        (namespace === undefined || request.target.namespace === namespace) && canSee(rules, request, who),
      { limit: LIST_LENGTH },
    );
    const [first] = requests;
    const more =
      next === undefined || namespace !== undefined || first === undefined
        ? undefined
        : `${platform.command} list ${first.target.namespace}`;
    await reply(listReply(words, requests, more));
  }

  async function cancelIt(requestId: string, asking: Asking): Promise<void> {
    const { words, reply, who } = asking;
    const request = await visible(requestId, asking);
    if (request === undefined) return reply(refusal(words, words.replies.noSuchRequest(requestId)));
    try {
      const verdict = await deps.cancel(request, who);
      await reply(
        verdict === 'ok'
          ? notice(words.card.id(requestId), words.replies.cancelled(requestId))
          : refusal(words, words.replies.mayNotCancel),
      );
    } catch (error) {
      if (!(error instanceof MoveError)) throw error;
      await reply(moveReply(words, error));
    }
  }

  async function visible(requestId: string, { who }: Asking): Promise<DumpRequest | undefined> {
    const request = await store.get(requestId);
    return request !== undefined && canSee(rules, request, who) ? request : undefined;
  }

  /** As typed; where there is one cluster alone it may be left out. */
  function clusterOf({ cluster }: TypedTarget): string | undefined {
    return cluster ?? (deps.clusters.length === 1 ? deps.clusters[0] : undefined);
  }

  function recordOutsider(
    { person }: IncomingCommand,
    { target }: Extract<Command, { kind: 'dump' }>,
  ): Promise<void> {
    const { namespace, pod } = target;
    return record(
      'refused-by-policy',
      person,
      { cluster: clusterOf(target) ?? '-', namespace, pod },
      { why: 'outsider' },
    );
  }

  /** Of what became no request. */
  function record(
    event: AuditEvent,
    by: PersonRef,
    target: Target,
    facts: Record<string, string>,
  ): Promise<void> {
    return store.record({ at: now(), event, requestId: '-', by, target: targetText(target), facts });
  }
}
