import type { Preflight } from '../../worker/dump-job.ts';
import type { Block, Button, Line, Message } from '../chat/message.ts';
import type { DumpRequest } from '../dump-request.ts';
import type { Who } from '../policy.ts';
import type { Words } from '../words/words.ts';
import { code, mentions, person, text, time } from './inline.ts';

/** A note is small print: five names are enough to see that the wrong one was chosen. */
const OTHERS_NAMED = 5;

/** What a reviewer decides on, and afterwards who decided. The buttons go with the decision. */
export function requestCard(request: DumpRequest, words: Words, reviewers: readonly Who[]): Message {
  const { card } = words;
  const found = request.preflight;
  return {
    tone: toneOf(request),
    title: card.title(request.target.pod),
    blocks: [
      {
        kind: 'fields',
        fields: [...whoAndWhere(request, words), ...(found === undefined ? [] : cost(found, words))],
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
  const { card, bytes, duration } = words;
  const max = found.heapMaxBytes === undefined ? undefined : bytes(found.heapMaxBytes);
  const needed = found.predictedPeakDiskBytes === undefined ? undefined : bytes(found.predictedPeakDiskBytes);
  const pause = found.predictedPauseMs;
  return [
    { label: card.jvm, value: [code(found.jvm.mainClass), text(` (pid ${found.jvm.pid})`)] },
    ...(found.heapUsedBytes === undefined
      ? []
      : [{ label: card.heap, value: [text(card.heapValue(bytes(found.heapUsedBytes), max))] }]),
    {
      label: card.pause,
      value: [
        text(
          pause === undefined ? card.pauseUnknown : card.pauseValue(duration(pause[0]), duration(pause[1])),
        ),
      ],
    },
    { label: card.disk, value: [text(card.diskValue(needed, bytes(found.freeDiskBytes), found.dumpDir))] },
  ];
}

function warnings(found: Preflight, { card, bytes }: Words): Block[] {
  const { memoryUsedBytes: used, memoryLimitBytes: limit } = found;
  return [
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

function standing(request: DumpRequest, { card }: Words, reviewers: readonly Who[]): Block[] {
  const lines: Line[] = [];
  switch (request.state) {
    case 'pending':
      lines.push([text(`${card.waitsForReview} ${card.reviewers}: `), ...mentions(reviewers)]);
      if (request.approvalsNeeded > 1)
        lines.push([text(card.approvalsSoFar(request.approvals.length, request.approvalsNeeded))]);
      lines.push([text(`${card.expires}: `), time(request.expiresAt)]);
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
            text: card.confirmText(request.target.pod),
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

function toneOf(request: DumpRequest): Message['tone'] {
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
