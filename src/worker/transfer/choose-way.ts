/** Direct or relay, compressed by whom: what the terms say, what the container has, and what a try shows. */
import { availableParallelism } from 'node:os';
import type { DumpContext } from '../dump-context.ts';
import type { ObjectForm, TransferTerms } from '../dump-job.ts';
import { stepErrorOf } from '../failure-of.ts';
import type { Probe } from '../probe.ts';
import { StepError } from '../step-error.ts';
import { always, type Compression, compressionOf, type Way } from './compression.ts';
import { openPodFile } from './pod-file.ts';
import type { PodSource } from './relay.ts';

/**
 * Moving, hashing and the chain into the pod keep two cores busy: there 1 GB took 17 s compressed by measure and 9 s as
 * it is, since even the stored form of gzip costs more than none.
 */
const LEAST_CORES = 4;

export interface ChosenWay {
  readonly first: 'direct' | 'relay';
  /** From direct to relay, in mid-transfer. */
  readonly mayFallBack: boolean;
  /** For a new upload; one that goes on keeps the form it has. */
  readonly form: ObjectForm;
  /** The pod may compress what it uploads, if a trial shows that it is worth it. */
  readonly mayPack: boolean;
  compressionOf(form: ObjectForm): Compression;
  /** Every byte of the dump is seen by this process, uncompressed. */
  readonly passesHere: boolean;
}

/** @throws StepError no-uploader, no-route-to-store, no-gzip */
export async function chooseWay(
  context: DumpContext,
  probe: Probe,
  source: PodSource,
  signal: AbortSignal,
): Promise<ChosenWay> {
  const terms = context.data.transfer;
  const first = await chooseFirst(context, probe, source, signal);
  const compressor = chooseCompressor(terms, first, probe.commands, availableParallelism());
  return {
    first,
    mayFallBack: terms.via === 'auto',
    form: formOf(compressor),
    mayPack: first === 'direct' && terms.compress === 'auto' && terms.podCpu && canGzip(probe.commands),
    compressionOf(form) {
      if (form === 'hprof') return always('raw');
      // A trial showed it, or an earlier attempt began an upload of this form.
      const ways = compressor.includes('raw')
        ? ([first === 'direct' ? 'pod' : 'deflate'] as const)
        : compressor;
      return compressionOf(ways, context.now);
    },
    passesHere: first === 'relay' && !compressor.includes('pod'),
  };
}

/**
 * By whom a new upload is compressed, in the order of preference.
 * @param cores of this machine
 * @throws StepError no-gzip
 */
export function chooseCompressor(
  { compress, podCpu }: Pick<TransferTerms, 'compress' | 'podCpu'>,
  first: 'direct' | 'relay',
  commands: ReadonlySet<string>,
  cores: number,
): readonly Way[] {
  const podCan = canGzip(commands);
  switch (compress) {
    case 'none':
      return ['raw'];
    case 'worker':
      return ['deflate'];
    case 'pod':
      if (!podCan) throw new StepError('no-gzip', 'the container has no gzip');
      return ['pod'];
    case 'auto':
      if (first === 'direct') return ['raw'];
      if (cores < LEAST_CORES) return ['raw'];
      return podCpu && podCan ? ['deflate', 'pod', 'stored'] : ['deflate', 'stored'];
  }
}

/** Whatever is not left as it is ends in one form. */
export const formOf = (ways: readonly Way[]): ObjectForm => (ways.includes('raw') ? 'hprof' : 'hprof.gz');

const canGzip = (commands: ReadonlySet<string>): boolean => commands.has('gzip') || commands.has('igzip');

async function chooseFirst(
  context: DumpContext,
  probe: Probe,
  source: PodSource,
  signal: AbortSignal,
): Promise<'direct' | 'relay'> {
  const { via, compress } = context.data.transfer;
  // What our threads compress has to come here.
  if (via === 'relay' || compress === 'worker') return 'relay';
  if (!probe.commands.has('curl')) {
    if (via === 'direct') throw new StepError('no-uploader', 'the container has no curl');
    return 'relay';
  }
  // The store wants the MD5 of each part, and it is the pod that has the bytes.
  if (!probe.commands.has('md5sum')) {
    if (via === 'direct') throw new StepError('no-checksum-tool', 'uploading by itself needs md5sum');
    return 'relay';
  }
  if (await reachesStore(context, source, signal)) return 'direct';
  if (via === 'direct') {
    // If it is the store that is gone, we wait for it as the relay would; only then is it the pod's route that lacks.
    await expectStore(context, signal);
    if (await reachesStore(context, source, signal)) return 'direct';
    throw new StepError(
      'no-route-to-store',
      `the pod does not reach ${new URL(context.store.routeUrl()).host}`,
    );
  }
  context.log.info('the pod does not reach the store, going by relay');
  return 'relay';
}

/** Any answer will do, a refusal too. @throws StoreError that is worth another attempt */
async function expectStore({ store, data, checkpoint }: DumpContext, signal: AbortSignal): Promise<void> {
  const objectKey = checkpoint.objectKey ?? `${data.objectPrefix}/${data.requestId}`;
  await store.head(objectKey, signal).catch((error: unknown) => {
    if (stepErrorOf(error).retryable) throw error;
  });
}

/** A real request from inside the container. Whatever the store answers shows that there is a route. */
async function reachesStore(context: DumpContext, source: PodSource, signal: AbortSignal): Promise<boolean> {
  const file = await openPodFile(context, source, signal);
  try {
    const { values } = await file.ask({ line: `route ${context.store.routeUrl()}` });
    // A captive proxy answers as well, but not with a request id of the store's.
    return values['request-id'] === 'yes';
  } finally {
    await file.close();
  }
}
