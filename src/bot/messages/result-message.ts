import type { DumpCompleted, DumpFailure } from '../../worker/dump-job.ts';
import type { Block, Button, Message } from '../chat/message.ts';
import type { DumpRequest } from '../dump-request.ts';
import type { Words } from '../words/words.ts';
import { bold, code, person, sentence, text, time } from './inline.ts';

export interface DownloadLink {
  readonly url: string;
  readonly expiresAt: number;
}

/**
 * How it ended, said once, to the requester.
 * @param link for a completed dump whose link may stand in the thread
 * @returns undefined while it has not ended
 */
export function resultMessage(
  request: DumpRequest,
  words: Words,
  link: DownloadLink | undefined,
): Message | undefined {
  const { result } = words;
  const pod = request.target.pod;
  switch (request.state) {
    case 'completed':
      return request.outcome?.outcome === 'completed'
        ? completedMessage(request, request.outcome, words, link)
        : undefined;
    case 'failed':
      return request.outcome?.outcome === 'failed'
        ? failedMessage(request, request.outcome, words)
        : undefined;
    case 'cancelled': {
      const leftBehind = request.outcome === undefined ? [] : left(request.outcome.left, words);
      const untouched = request.run === 0 ? [note(result.notPaused)] : [];
      return brief(request, result.cancelledTitle(pod), words, [...untouched, ...leftBehind]);
    }
    case 'denied':
      return brief(request, result.deniedTitle(pod), words, [
        ...(request.denial === undefined
          ? []
          : [
              {
                kind: 'line',
                line: [text(`${words.card.deniedBy} `), person(request.denial.by)],
              } satisfies Block,
            ]),
        ...(request.denial?.reason === undefined
          ? []
          : [{ kind: 'quote', text: request.denial.reason } satisfies Block]),
        note(result.notPaused),
      ]);
    case 'expired':
      return brief(request, result.expiredTitle(pod), words, [note(result.notPaused)]);
    case 'pending':
    case 'approved':
    case 'queued':
    case 'running':
      return undefined;
  }
}

function completedMessage(
  request: DumpRequest,
  done: DumpCompleted,
  words: Words,
  link: DownloadLink | undefined,
): Message {
  const { result, duration, punctuation } = words;
  const proofs = done.proofs.map((proof) => result.proofs[proof]);
  return {
    tone: 'good',
    title: result.completedTitle(request.target.pod),
    blocks: [
      forRequester(request, words),
      ...(link === undefined
        ? [note(result.linkPrivate)]
        : [{ kind: 'download', url: link.url, label: result.download } satisfies Block]),
      {
        kind: 'fields',
        fields: [
          { label: result.file, value: [code(done.fileName)] },
          { label: result.size, value: [text(sizeText(done, words))] },
          ...(done.pauseMs === undefined
            ? []
            : [{ label: result.pause, value: [text(duration(done.pauseMs))] }]),
          ...(link === undefined ? [] : [{ label: result.linkEnds, value: [time(link.expiresAt)] }]),
          { label: result.sha256, value: [code(done.sha256)] },
          ...(done.dumpSha256 === done.sha256
            ? []
            : [{ label: result.dumpSha256, value: [code(done.dumpSha256)] }]),
        ],
      },
      { kind: 'line', line: [text(result.openInMat)] },
      note(result.proved + punctuation.colon + proofs.join(punctuation.comma)),
      ...(done.manifestMissing === true ? [note(result.manifestMissing)] : []),
      ...left(done.left, words),
    ],
    buttons: [{ action: 'new-link', requestId: request.id, label: result.newLink }],
  };
}

/** What is downloaded, and where it is compressed also what is in it. */
export function sizeText(done: DumpCompleted, { result, bytes }: Words): string {
  switch (done.form) {
    case 'hprof':
      return bytes(done.sizeBytes);
    case 'hprof.gz':
      return result.packedSize(bytes(done.sizeBytes), bytes(done.dumpSizeBytes));
  }
}

function failedMessage(request: DumpRequest, failed: DumpFailure, words: Words): Message {
  const { result } = words;
  return {
    tone: 'bad',
    title: result.failedTitle(request.target.pod),
    blocks: [
      forRequester(request, words),
      ...failureBlocks(failed, words),
      ...(failed.retry === 'none' ? [] : [note(result.retryHints[failed.retry])]),
      ...left(failed.left, words),
    ],
    buttons: retryButtons(request, failed, words),
  };
}

/** What happened, what to do, and the facts: the same in a thread and in a private answer. */
export function failureBlocks(failed: DumpFailure, words: Words): Block[] {
  const { what, remedy } = words.failures[failed.code];
  return [
    { kind: 'line', line: [bold(what)] },
    { kind: 'line', line: sentence(remedy) },
    ...(failed.step === undefined
      ? []
      : [note(words.result.failedStep + words.punctuation.colon + words.steps[failed.step])]),
    ...(failed.detail === '' ? [] : [{ kind: 'quote', text: failed.detail } satisfies Block]),
  ];
}

function retryButtons(request: DumpRequest, failed: DumpFailure, words: Words): Button[] {
  return failed.retry === 'none'
    ? []
    : [{ action: 'retry', requestId: request.id, label: words.result.retry }];
}

function brief(request: DumpRequest, title: string, words: Words, blocks: readonly Block[]): Message {
  return { tone: 'bad', title, blocks: [forRequester(request, words), ...blocks], buttons: [] };
}

const forRequester = (request: DumpRequest, words: Words): Block => ({
  kind: 'line',
  line: [text(`${words.result.forYou} `), person(request.requester), text(` · ${words.card.id(request.id)}`)],
});

const left = (paths: readonly string[], words: Words): Block[] =>
  paths.length === 0
    ? []
    : [
        {
          kind: 'line',
          line: [text(words.result.left(paths.length)), ...paths.flatMap((path) => [text(' '), code(path)])],
        },
      ];

const note = (line: string): Block => ({ kind: 'note', line: [text(line)] });
