import { type Progress, STEPS, type Step } from '../../worker/dump-job.ts';
import type { Block, CheckState, Message } from '../chat/message.ts';
import type { DumpRequest } from '../dump-request.ts';
import { isFinal } from '../dump-request.ts';
import type { Words } from '../words/words.ts';
import { text } from './inline.ts';

/** The steps as a checklist: while it runs by what the worker last said, afterwards by how it ended. */
export function progressMessage(request: DumpRequest, progress: Progress | undefined, words: Words): Message {
  const stepMs = durationsOf(request, progress);
  const items = STEPS.map((step) => {
    const state = stateOf(step, request, progress);
    const note = noteOf(step, state, stepMs[step], progress, words);
    const fraction = state === 'running' && step === 'transfer' ? fractionOf(progress) : undefined;
    return {
      state,
      label: words.steps[step],
      ...(note === undefined ? {} : { note }),
      ...(fraction === undefined ? {} : { fraction }),
      ...(step === 'run-dump' ? { milestone: true } : {}),
    };
  });
  const remark = remarkOf(request, progress, stepMs, words);
  return {
    tone: request.state === 'completed' ? 'good' : isFinal(request.state) ? 'bad' : 'neutral',
    title: words.progress.title(request.target.pod),
    blocks: [
      { kind: 'checklist', items },
      ...(remark === undefined ? [] : [{ kind: 'note', line: [text(remark)] } satisfies Block]),
    ],
    buttons: [],
  };
}

/** What the outcome says, else what the worker said last: after a restart of the bot nothing is known but the outcome. */
function durationsOf({ outcome }: DumpRequest, progress: Progress | undefined): Progress['stepMs'] {
  switch (outcome?.outcome) {
    case 'completed':
      return outcome.stepMs;
    case 'failed':
      return progress?.stepMs ?? outcome.checkpoint?.stepMs ?? {};
    case 'cancelled':
    case undefined:
      return progress?.stepMs ?? {};
  }
}

function stateOf(step: Step, request: DumpRequest, progress: Progress | undefined): CheckState {
  const outcome = request.outcome;
  if (outcome?.outcome === 'completed') return 'finished';
  const current = outcome !== undefined && isFinal(request.state) ? outcome.step : progress?.step;
  if (current === undefined) return isFinal(request.state) ? 'skipped' : 'waiting';
  const [at, here] = [STEPS.indexOf(step), STEPS.indexOf(current)];
  if (at < here) return 'finished';
  if (!isFinal(request.state)) return at === here ? 'running' : 'waiting';
  if (at > here) return 'skipped';
  return request.state === 'cancelled' ? 'cancelled' : 'failed';
}

function noteOf(
  step: Step,
  state: CheckState,
  ms: number | undefined,
  progress: Progress | undefined,
  words: Words,
): string | undefined {
  if (state === 'finished') return ms === undefined ? undefined : words.duration(ms);
  if (state !== 'running' || progress === undefined) return undefined;
  const { bytes, duration } = words;
  // Through a pipe, dumping and sending are one: while the application waits, this is all there is to see.
  const dumped = progress.dumpedBytes ?? progress.sentBytes;
  if (step === 'run-dump' && dumped !== undefined) return words.progress.dumping(bytes(dumped));
  const { sentBytes: sent, totalBytes: total, bytesPerSecond: rate } = progress;
  if (step === 'transfer' && sent !== undefined && total !== undefined) {
    const left = rate === undefined || rate === 0 ? undefined : duration((1000 * (total - sent)) / rate);
    return words.progress.transfer(
      bytes(sent),
      bytes(total),
      rate === undefined ? undefined : bytes(rate),
      left,
    );
  }
  return undefined;
}

function fractionOf(progress: Progress | undefined): number | undefined {
  const { sentBytes: sent, totalBytes: total } = progress ?? {};
  return sent === undefined || total === undefined || total <= 0 ? undefined : Math.min(1, sent / total);
}

function remarkOf(
  request: DumpRequest,
  progress: Progress | undefined,
  stepMs: Readonly<Partial<Record<Step, number>>>,
  words: Words,
): string | undefined {
  if (request.state === 'completed') {
    return words.progress.finishedIn(words.duration(Object.values(stepMs).reduce((sum, ms) => sum + ms, 0)));
  }
  if (isFinal(request.state)) return undefined;
  if (request.cancellation !== undefined) return words.progress.cancelling;
  if (progress?.waiting === 'workload-busy') return words.progress.workloadBusy;
  if (progress?.waiting === 'retrying') return words.progress.retrying(progress.attempt + 1);
  return progress === undefined ? words.progress.queued : undefined;
}
