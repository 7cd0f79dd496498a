/** Private answers: to mistakes, to refusals, and to questions. */
import type { DumpFailure, Target } from '../../worker/dump-job.ts';
import type { Block, Line, Message } from '../chat/message.ts';
import type { UsageMistake } from '../command.ts';
import type { DumpRequest, MoveError } from '../dump-request.ts';
import { checkpointOf } from '../dump-request.ts';
import type { TermsVerdict, Verdict } from '../policy.ts';
import type { Words } from '../words/words.ts';
import { bold, code, mentions, person, text, time } from './inline.ts';
import { type DownloadLink, failureBlocks, sizeText } from './result-message.ts';
import { standingText } from './standing-text.ts';

const plain = (title: string, tone: Message['tone'], ...lines: string[]): Message => ({
  tone,
  title,
  blocks: lines.map((line) => ({ kind: 'line', line: [text(line)] })),
  buttons: [],
});

export const refusal = (words: Words, line: string): Message =>
  plain(words.replies.refusedTitle, 'bad', line);
export const notice = (title: string, line: string): Message => plain(title, 'neutral', line);
export const unavailable = (words: Words): Message =>
  plain(words.replies.unavailableTitle, 'bad', words.replies.unavailable);

export const targetText = ({ cluster, namespace, pod }: Target): string => `${cluster}/${namespace}/${pod}`;

/** @param withForm the command alone opens a form on this platform */
export function helpReply(words: Words, command: string, withForm = false): Message {
  const alone = [command, words.replies.helpForm] as const;
  return {
    tone: 'neutral',
    title: words.replies.helpTitle,
    blocks: [...(withForm ? [alone] : []), ...words.replies.help(command)].map(([line, meaning]) => ({
      kind: 'line',
      line: [code(line), text(` ${meaning}`)],
    })),
    buttons: [],
  };
}

export function usageReply(words: Words, mistake: UsageMistake, command: string): Message {
  return {
    tone: 'bad',
    title: words.replies.usageTitle,
    blocks: [
      { kind: 'line', line: [text(words.usage[mistake.problem](mistake.what))] },
      { kind: 'line', line: [text(words.replies.tryLine('')), code(`${command} ${workingLine(mistake)}`)] },
    ],
    buttons: [],
  };
}

const A_POD = 'prod/order-service-7d9f8-x2x4k';
/** By what is wrong, or by the option that lacks its value. */
const WORKING_OPTION: Readonly<Record<string, string>> = {
  'bad-via': ' --via relay',
  '--via': ' --via relay',
  'bad-compress': ' --compress worker',
  '--compress': ' --compress worker',
  'option-with-value': ' --no-disk',
  'not-with-no-disk': ' --no-disk',
  'not-with-direct': ' --via direct',
};

/** Near to what was meant, and right. */
function workingLine({ of, problem, what }: UsageMistake): string {
  switch (of) {
    case 'list':
      return 'list prod';
    case 'status':
    case 'cancel':
      // It shows the ids that there are.
      return 'list';
    case 'dump':
      return `${A_POD}${WORKING_OPTION[problem === 'option-without-value' ? what : problem] ?? ''}`;
  }
}

/** A rule covers it, but not in the way that was asked for. */
export function wishReply(words: Words, { rule, wish }: Extract<TermsVerdict, { kind: 'deny' }>): Message {
  const { replies, punctuation } = words;
  return {
    tone: 'bad',
    title: replies.refusedTitle,
    blocks: [
      { kind: 'line', line: [text(replies.notAllowed(rule.name, wish))] },
      { kind: 'line', line: [text(replies.notAllowedRemedy)] },
      ...(rule.review === 'none'
        ? []
        : [
            {
              kind: 'line',
              line: [text(replies.reviewersAre + punctuation.colon), ...mentions(rule.review.by)],
            } satisfies Block,
          ]),
    ],
    buttons: [],
  };
}

export function policyReply(
  words: Words,
  verdict: Extract<Verdict, { kind: 'deny' }>,
  target: Target,
): Message {
  const { replies, punctuation } = words;
  const blocks: Block[] =
    verdict.why === 'no-rule'
      ? [
          { kind: 'line', line: [text(replies.noRule(targetText(target)))] },
          { kind: 'line', line: [text(replies.noRuleRemedy)] },
        ]
      : [
          {
            kind: 'line',
            line: [text(replies.notListed(verdict.rules.join(punctuation.comma), targetText(target)))],
          },
          { kind: 'line', line: [text(replies.askThese + punctuation.colon), ...mentions(verdict.ask)] },
        ];
  return { tone: 'bad', title: replies.refusedTitle, blocks, buttons: [] };
}

/** The pod cannot be dumped: nobody needs to be asked. */
export function preflightReply(words: Words, request: DumpRequest, failed: DumpFailure): Message {
  return {
    tone: 'bad',
    title: words.result.failedTitle(request.target.pod),
    blocks: [
      ...failureBlocks(failed, words),
      { kind: 'note', line: [text(`${words.result.notPaused} ${words.card.id(request.id)}`)] },
    ],
    buttons:
      failed.retry === 'none' ? [] : [{ action: 'retry', requestId: request.id, label: words.result.retry }],
  };
}

export function moveReply(words: Words, error: MoveError): Message {
  const line = words.moveProblems[error.code](error.request.id, words.states[error.request.state]);
  return plain(words.replies.unavailableTitle, 'bad', line);
}

export function statusReply(words: Words, request: DumpRequest): Message {
  const done = request.outcome?.outcome === 'completed' ? request.outcome : undefined;
  const dumped = checkpointOf(request).dump?.sizeBytes;
  const size =
    done !== undefined ? sizeText(done, words) : dumped === undefined ? undefined : words.bytes(dumped);
  return {
    tone: 'neutral',
    title: words.card.id(request.id),
    blocks: [
      {
        kind: 'fields',
        fields: [
          { label: words.card.target, value: [code(targetText(request.target))] },
          { label: words.card.requester, value: [person(request.requester)] },
          { label: standingText(request, words), value: [time(request.goneAt ?? request.changedAt)] },
          ...(size === undefined ? [] : [{ label: words.result.size, value: [text(size)] }]),
          ...(done === undefined
            ? []
            : [{ label: words.card.transfer, value: [text(words.result.ways[done.via])] }]),
        ],
      },
      ...(request.outcome?.outcome === 'failed' ? failureBlocks(request.outcome, words) : []),
    ],
    buttons:
      request.state === 'completed'
        ? [{ action: 'new-link', requestId: request.id, label: words.result.newLink }]
        : [],
  };
}

/** @param more a line to type where there are more of them */
export function listReply(words: Words, requests: readonly DumpRequest[], more?: string): Message {
  if (requests.length === 0) return plain(words.replies.listTitle, 'neutral', words.replies.listEmpty);
  return {
    tone: 'neutral',
    title: words.replies.listTitle,
    blocks: [
      ...requests.map((request): Block => ({ kind: 'line', line: listLine(request, words) })),
      ...(more === undefined
        ? []
        : [{ kind: 'note', line: [text(words.replies.listMore(more))] } satisfies Block]),
    ],
    buttons: requests
      .filter(({ state, goneAt }) => state === 'completed' && goneAt === undefined)
      // A platform shows about five buttons in a row well.
      .slice(0, 5)
      .map(({ id }) => ({ action: 'new-link', requestId: id, label: `${words.result.newLink} ${id}` })),
  };
}

function listLine(request: DumpRequest, words: Words): Line {
  const size = request.outcome?.outcome === 'completed' ? `, ${words.bytes(request.outcome.sizeBytes)}` : '';
  return [
    bold(request.id),
    text(' '),
    code(targetText(request.target)),
    text(` ${standingText(request, words)}${size}, `),
    time(request.changedAt),
  ];
}

export function linkReply(words: Words, request: DumpRequest, link: DownloadLink): Message {
  return {
    tone: 'good',
    title: words.replies.linkTitle + words.punctuation.colon + request.target.pod,
    blocks: [
      { kind: 'download', url: link.url, label: words.result.download },
      { kind: 'line', line: [text(words.result.linkEnds + words.punctuation.colon), time(link.expiresAt)] },
      ...packed(request, words),
      { kind: 'line', line: [text(words.result.openInMat)] },
    ],
    buttons: [],
  };
}

const packed = ({ outcome }: DumpRequest, words: Words): Block[] =>
  outcome?.outcome === 'completed' && outcome.form === 'hprof.gz'
    ? [{ kind: 'line', line: [text(sizeText(outcome, words))] }]
    : [];
