import { describe, expect, it } from 'vitest';
import { inspectionFacts, outcomeFacts, requestFacts } from '../../src/bot/audit.ts';
import { type DumpRequest, ended } from '../../src/bot/dump-request.ts';
import type { DumpOutcome } from '../../src/worker/dump-job.ts';
import { aFailure, aPackedCompletion, aPreflight, NOW, proposed, running, transfer } from './a-request.ts';

const endedWith = (request: DumpRequest, outcome: DumpOutcome): DumpRequest => {
  const after = ended(request, 1, outcome, NOW);
  if (after === undefined) throw new Error('A running request could not end');
  return after;
};
const terms = transfer({ via: 'direct', compress: 'pod', noDisk: 'if-needed', podCpu: true });

describe('the audit record', () => {
  it('of a new request has its rule, its reason, and the terms that were asked for', () => {
    expect(requestFacts(proposed({ transfer: terms, repeats: 'aaaa0000' }))).toEqual({
      rule: 'prod',
      askedVia: 'direct',
      askedCompress: 'pod',
      askedNoDisk: 'if-needed',
      podCpu: 'yes',
      reason: 'memory grows since noon',
      repeats: 'aaaa0000',
    });
  });

  it('of a look says whether the reviewers decide on a dump without disk', () => {
    expect(inspectionFacts(aPreflight())).toEqual({ noDisk: 'no' });
    expect(inspectionFacts(aPreflight({ noDisk: true }))).toEqual({ noDisk: 'yes' });
  });

  it('of a dump has what was asked for, the way that was taken, the form, both checksums and both sizes', () => {
    const done = aPackedCompletion({ noDisk: true, proofs: ['pod-checksum', 'read-back'] });

    expect(outcomeFacts(endedWith(running({ transfer: terms }), done))).toEqual({
      objectKey: done.objectKey,
      form: 'hprof.gz',
      sizeBytes: 612_000_000,
      sha256: 'a'.repeat(64),
      crc64: '12345',
      dumpSizeBytes: 2_400_000_000,
      dumpSha256: 'b'.repeat(64),
      askedVia: 'direct',
      askedCompress: 'pod',
      askedNoDisk: 'if-needed',
      podCpu: 'yes',
      via: 'both',
      noDisk: 'yes',
      podChecksum: 'cksum',
      proofs: 'pod-checksum read-back',
    });
  });

  it('of a failure has its code and step, of a cancelled request nothing beside', () => {
    expect(outcomeFacts(endedWith(running(), aFailure()))).toEqual({ code: 'exec-broken', step: 'transfer' });
    expect(outcomeFacts(endedWith(running(), { outcome: 'cancelled', version: 1, left: [] }))).toEqual({});
  });
});
