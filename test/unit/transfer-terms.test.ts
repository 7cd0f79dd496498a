import { describe, expect, it } from 'vitest';
import {
  approvedTerms,
  refusedWish,
  type TransferAllowance,
  type TransferWish,
  transferTermsOf,
  wishOf,
} from '../../src/bot/transfer-terms.ts';
import { aPreflight, transfer, USUAL } from './a-request.ts';

const wish = (changes: Partial<TransferWish> = {}): TransferWish => ({
  via: undefined,
  compress: undefined,
  noDisk: false,
  ...changes,
});
const allow = (changes: Partial<TransferAllowance> = {}): TransferAllowance => ({
  podCpu: false,
  noDisk: 'never',
  ...changes,
});

describe('the way of a dump out of the pod', () => {
  it('is the usual one where nothing was said, and what was said else', () => {
    const usual = { via: 'relay', compress: 'none' } as const;

    expect(transferTermsOf(allow(), wish(), usual)).toMatchObject(usual);
    expect(transferTermsOf(allow(), wish({ via: 'auto', compress: 'worker' }), usual)).toMatchObject({
      via: 'auto',
      compress: 'worker',
    });
  });

  it('spends the CPU of the pod only where the rule allows it', () => {
    const byPod = wish({ compress: 'pod' });

    expect(refusedWish(allow(), byPod)).toBe('--compress pod');
    expect(refusedWish(allow({ podCpu: true }), byPod)).toBeUndefined();
    expect(transferTermsOf(allow({ podCpu: true }), byPod, USUAL)).toMatchObject({
      compress: 'pod',
      podCpu: true,
    });
  });

  it('is not refused for what is usual elsewhere: where the rule keeps the CPU, others compress', () => {
    const usual = { via: 'auto', compress: 'pod' } as const;

    expect(refusedWish(allow(), wish())).toBeUndefined();
    expect(transferTermsOf(allow(), wish(), usual)).toMatchObject({ compress: 'auto', podCpu: false });
    expect(transferTermsOf(allow({ podCpu: true }), wish(), usual)).toMatchObject({ compress: 'pod' });
  });

  it.each([
    ['never', false, 'never'],
    ['on-request', false, 'never'],
    ['on-request', true, 'always'],
    ['if-needed', false, 'if-needed'],
    ['if-needed', true, 'always'],
  ] as const)('under a rule that says %s, asked for %s: the look is told %s', (noDisk, asked, told) => {
    expect(refusedWish(allow({ noDisk }), wish({ noDisk: asked }))).toBeUndefined();
    expect(transferTermsOf(allow({ noDisk }), wish({ noDisk: asked }), USUAL).noDisk).toBe(told);
  });

  it('never does without disk where the rule says never, also on request', () => {
    expect(refusedWish(allow(), wish({ noDisk: true }))).toBe('--no-disk');
  });
});

describe('what the job may do', () => {
  it('is what the card said: without disk if the look found it so, with a disk else', () => {
    for (const noDisk of ['always', 'if-needed', 'never'] as const) {
      const terms = transfer({ via: 'relay', compress: 'none', noDisk });

      expect(approvedTerms(terms, aPreflight({ noDisk: true }))).toEqual({ ...terms, noDisk: 'always' });
      expect(approvedTerms(terms, aPreflight())).toEqual({ ...terms, noDisk: 'never' });
    }
  });
});

describe('a request that is repeated', () => {
  it('asks for what the first one asked for', () => {
    for (const said of [
      wish(),
      wish({ via: 'direct', compress: 'pod' }),
      wish({ via: 'relay', compress: 'none', noDisk: true }),
    ]) {
      const rule = allow({ podCpu: true, noDisk: 'on-request' });
      const first = transferTermsOf(rule, said, USUAL);

      expect(transferTermsOf(rule, wishOf(first, USUAL), USUAL)).toEqual(first);
    }
  });

  it('did not ask to do without disk where the rule alone would have let it', () => {
    expect(wishOf(transfer({ noDisk: 'if-needed' }), USUAL)).toEqual(wish());
  });
});
