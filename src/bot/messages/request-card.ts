import type { Preflight } from '../../worker/dump-job.ts';
import type { Block, Button, Line, Message } from '../chat/message.ts';
import type { DumpRequest } from '../dump-request.ts';
import type { Who } from '../policy.ts';
import { type UsualTransfer, wishOf } from '../transfer-terms.ts';
import type { Words } from '../words/words.ts';
import { bold, code, mentions, person, text, time } from './inline.ts';

/** A note is small print: five names are enough to see that the wrong one was chosen. */
const OTHERS_NAMED = 5;

/** Bytes per second of a transfer that the application waits for: a worker under load, and a good one. */
const NO_DISK_RATES = { least: 40e6, most: 150e6 };

/**
 * What a reviewer decides on, and afterwards who decided. The buttons go with the decision.
 * @param usual the way of dumps of which nothing else was said: a card says nothing of it
 */
export function requestCard(
  request: DumpRequest,
  words: Words,
  reviewers: readonly Who[],
  usual: UsualTransfer,
): Message {
  const { card } = words;
  const found = request.preflight;
  return {
    tone: toneOf(request),
    title: card.title(request.target.pod),
    blocks: [
      {
        kind: 'fields',
        fields: [
          ...whoAndWhere(request, words),
          ...(found === undefined ? [] : cost(found, words)),
          ...wayOut(request, words, usual),
        ],
      },
      request.reason === undefined
        ? { kind: 'note', line: [text(card.noReason)] }
        : { kind: 'quote', text: request.reason },
      ...(found === undefined ? [] : warnings(found, words)),
      ...standing(request, words, reviewers),
      { kind: 'note', line: [text(card.id(request.id))] },
    ],
    buttons: buttons(request, words),
  };
}

function whoAndWhere(request: DumpRequest, { card }: Words) {
  const { cluster, namespace, pod, container } = request.target;
  return [
    { label: card.requester, value: [person(request.requester)] },
    { label: card.target, value: [code(`${cluster}/${namespace}/${pod}`)] },
    ...(container === undefined ? [] : [{ label: card.container, value: [code(container)] }]),
  ];
}

function cost(found: Preflight, words: Words): { label: string; value: Line }[] {
  const { card, bytes } = words;
  const max = found.heapMaxBytes === undefined ? undefined : bytes(found.heapMaxBytes);
  const needed = found.predictedPeakDiskBytes === undefined ? undefined : bytes(found.predictedPeakDiskBytes);
  return [
    { label: card.jvm, value: [code(found.jvm.mainClass), text(` (pid ${found.jvm.pid})`)] },
    ...(found.heapUsedBytes === undefined
      ? []
      : [{ label: card.heap, value: [text(card.heapValue(bytes(found.heapUsedBytes), max))] }]),
    { label: card.pause, value: [text(pauseText(found, words))] },
    {
      label: card.disk,
      value: [
        text(found.noDisk ? card.noDisk : card.diskValue(needed, bytes(found.freeDiskBytes), found.dumpDir)),
      ],
    },
  ];
}

function pauseText(found: Preflight, { card, duration }: Words): string {
  if (!found.noDisk) {
    const pause = found.predictedPauseMs;
    return pause === undefined ? card.pauseUnknown : card.pauseValue(duration(pause[0]), duration(pause[1]));
  }
  const size = found.predictedSizeBytes;
  if (size === undefined) return card.noDiskPauseUnknown;
  const at = (bytesPerSecond: number): string => duration((1000 * size) / bytesPerSecond);
  return card.noDiskPause(at(NO_DISK_RATES.most), at(NO_DISK_RATES.least));
}

/** Nothing where it is what is usual. */
function wayOut(
  { transfer, preflight }: DumpRequest,
  { card, punctuation }: Words,
  usual: UsualTransfer,
): { label: string; value: Line }[] {
  const { via, compress } = wishOf(transfer, usual);
  // Out of a pipe there is one way alone, and the pod does not compress: to say otherwise would be wrong.
  const piped = preflight?.noDisk ?? false;
  const said = [
    ...(via === undefined || piped ? [] : [card.via[via]]),
    ...(compress === undefined || (piped && compress === 'pod') ? [] : [card.compress[compress]]),
  ];
  return said.length === 0 ? [] : [{ label: card.transfer, value: [text(said.join(punctuation.comma))] }];
}

function warnings(found: Preflight, { card, bytes }: Words): Block[] {
  const { memoryUsedBytes: used, memoryLimitBytes: limit } = found;
  return [
    ...(found.noDisk ? [{ kind: 'line', line: [bold(card.noDiskWarning)] } as const] : []),
    { kind: 'line', line: [text(card.warning())] },
    // Nine tenths: the attach itself needs some tens of megabytes.
    ...(used !== undefined && limit !== undefined && used > 0.9 * limit
      ? [{ kind: 'note', line: [text(card.memoryWarning(bytes(used), bytes(limit)))] } as const]
      : []),
    ...(found.otherJvms.length > 0 ? [{ kind: 'note', line: otherJvms(found, card) } as const] : []),
  ];
}

function otherJvms({ otherJvms: others, jvm }: Preflight, card: Words['card']): Line {
  const named = others
    .slice(0, OTHERS_NAMED)
    .flatMap(({ mainClass, pid }) => [text(' '), code(mainClass), text(` (pid ${pid})`)]);
  return [text(card.otherJvms(others.length, jvm.pid)), ...named];
}

function standing(request: DumpRequest, { card, punctuation }: Words, reviewers: readonly Who[]): Block[] {
  const lines: Line[] = [];
  switch (request.state) {
    case 'pending':
      lines.push([text(card.waitsFor + punctuation.colon), ...mentions(reviewers)]);
      if (request.approvalsNeeded > 1)
        lines.push([text(card.approvalsSoFar(request.approvals.length, request.approvalsNeeded))]);
      lines.push([text(card.expires + punctuation.colon), time(request.expiresAt)]);
      break;
    case 'denied':
      if (request.denial !== undefined)
        lines.push([
          text(`${card.deniedBy} `),
          person(request.denial.by),
          text(' · '),
          time(request.denial.at),
        ]);
      break;
    case 'expired':
      lines.push([text(card.expiredUndecided)]);
      break;
    case 'approved':
    case 'queued':
    case 'running':
    case 'completed':
    case 'failed':
    case 'cancelled':
      if (request.approvalsNeeded === 0 && request.preflight !== undefined)
        lines.push([text(card.noReviewNeeded)]);
      break;
  }
  for (const approval of request.approvals)
    lines.push([text(`${card.approvedBy} `), person(approval.by), text(' · '), time(approval.at)]);
  if (request.cancellation !== undefined) {
    const label = request.state === 'cancelled' ? card.cancelledBy : card.cancelRequestedBy;
    lines.push([
      text(`${label} `),
      person(request.cancellation.by),
      text(' · '),
      time(request.cancellation.at),
    ]);
  }
  return [
    ...lines.map((line): Block => ({ kind: 'line', line })),
    ...(request.denial?.reason === undefined
      ? []
      : [{ kind: 'quote', text: request.denial.reason } as const]),
  ];
}

function buttons(request: DumpRequest, { card }: Words): Button[] {
  const requestId = request.id;
  const cancel: Button = { action: 'cancel', requestId, label: card.cancel };
  switch (request.state) {
    case 'pending':
      return [
        {
          action: 'approve',
          requestId,
          label: card.approve,
          style: 'primary',
          confirm: {
            title: card.confirmTitle,
            text: request.preflight?.noDisk
              ? card.confirmNoDisk(request.target.pod)
              : card.confirmText(request.target.pod),
            yes: card.confirmYes,
            no: card.confirmNo,
          },
        },
        { action: 'deny', requestId, label: card.deny, style: 'danger' },
        cancel,
      ];
    case 'approved':
    case 'queued':
    case 'running':
      return request.cancellation === undefined ? [cancel] : [];
    case 'completed':
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
      return [];
  }
}

export function toneOf(request: DumpRequest): Message['tone'] {
  switch (request.state) {
    case 'pending':
      return 'waiting';
    case 'approved':
    case 'queued':
    case 'running':
      return 'neutral';
    case 'completed':
      return 'good';
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
      return 'bad';
  }
}
