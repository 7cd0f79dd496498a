/** What a person says of the dump's way out of the pod, what a rule allows, and the terms that follow. Pure. */
import type { Preflight, TransferTerms } from '../worker/dump-job.ts';

export const VIAS = ['auto', 'direct', 'relay'] as const satisfies readonly TransferTerms['via'][];
export const COMPRESSIONS = [
  'auto',
  'worker',
  'pod',
  'none',
] as const satisfies readonly TransferTerms['compress'][];

/** As typed: undefined is what nothing was said of. */
export interface TransferWish {
  readonly via: TransferTerms['via'] | undefined;
  readonly compress: TransferTerms['compress'] | undefined;
  readonly noDisk: boolean;
}

/** Of the config: for requests that do not say. */
export type UsualTransfer = Pick<TransferTerms, 'via' | 'compress'>;

/** Of a rule. */
export interface TransferAllowance {
  readonly podCpu: boolean;
  /** if-needed: on request, and by itself where nothing has room for the file. */
  readonly noDisk: 'never' | 'on-request' | 'if-needed';
}

/** A wish that needs the rule's leave, as it is typed. */
export type GuardedWish = '--compress pod' | '--no-disk';

/** @returns the wish that the rule does not allow, if there is one: it is refused, never quietly dropped */
export function refusedWish(allow: TransferAllowance, wish: TransferWish): GuardedWish | undefined {
  if (wish.compress === 'pod' && !allow.podCpu) return '--compress pod';
  if (wish.noDisk && allow.noDisk === 'never') return '--no-disk';
  return undefined;
}

/** For a wish that is not refused. */
export function transferTermsOf(
  allow: TransferAllowance,
  wish: TransferWish,
  usual: UsualTransfer,
): TransferTerms {
  const compress = wish.compress ?? usual.compress;
  return {
    via: wish.via ?? usual.via,
    // Nobody asked this rule for the pod's CPU: what is usual elsewhere is no reason to refuse.
    compress: compress === 'pod' && !allow.podCpu ? 'auto' : compress,
    noDisk: wish.noDisk ? 'always' : allow.noDisk === 'if-needed' ? 'if-needed' : 'never',
    podCpu: allow.podCpu,
  };
}

/** What a person would have to type for these terms. */
export const wishOf = ({ via, compress, noDisk }: TransferTerms, usual: UsualTransfer): TransferWish => ({
  via: via === usual.via ? undefined : via,
  compress: compress === usual.compress ? undefined : compress,
  noDisk: noDisk === 'always',
});

/** What was approved is what happens: a job may do without disk only if the card said so. */
export const approvedTerms = (terms: TransferTerms, { noDisk }: Preflight): TransferTerms => ({
  ...terms,
  noDisk: noDisk ? 'always' : 'never',
});
