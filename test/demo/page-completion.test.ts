import { describe, expect, it } from 'vitest';
import { completionsFor } from '../../src/demo/page/client/completion.ts';
import { en } from '../../src/demo/page/client/words-en.ts';
import { zhCn } from '../../src/demo/page/client/words-zh-cn.ts';
import type { PodNow, Snapshot } from '../../src/demo/page/page-state.ts';
import { NOTHING_BEHIND } from './page-client.ts';

const pod = (name: string): PodNow => ({
  namespace: 'prod',
  name,
  shows: 'leaking',
  running: true,
  jvms: [],
  pauses: [],
});

const snapshot: Snapshot = {
  demo: 'd',
  you: 'developer',
  people: [],
  names: {},
  channel: { id: 'C1', name: 'ops' },
  direct: 'D1',
  command: '/heapdump',
  messages: [],
  behind: { ...NOTHING_BEHIND, pods: [pod('order-1'), pod('checkout-2')] },
  modal: undefined,
  home: undefined,
};

const linesFor = (line: string): string[] =>
  completionsFor(line, snapshot, en).map((completion) => completion.line);

describe('the composer completes', () => {
  it('the command, from its first letter', () => {
    expect(linesFor('/')).toContain('/heapdump ');
    expect(linesFor('/heap')).toContain('/heapdump list');
    expect(linesFor('hello')).toEqual([]);
    expect(linesFor('/other')).toEqual([]);
  });

  it('pods by any part of their name, and the words that stand in a pod’s place', () => {
    expect(linesFor('/heapdump ')).toEqual(
      expect.arrayContaining(['/heapdump prod/order-1 ', '/heapdump prod/checkout-2 ', '/heapdump status ']),
    );
    expect(linesFor('/heapdump out')).toEqual(['/heapdump prod/checkout-2 ']);
    expect(linesFor('/heapdump li')).toEqual(['/heapdump list']);
  });

  it('options behind a pod, each once, and nothing inside a reason', () => {
    expect(linesFor('/heapdump prod/order-1 --v')).toEqual([
      '/heapdump prod/order-1 --via relay',
      '/heapdump prod/order-1 --via direct',
    ]);
    expect(linesFor('/heapdump prod/order-1 --via relay --v')).toEqual([]);
    expect(linesFor('/heapdump prod/order-1 --reason "why --v')).toEqual([]);
  });

  it('in the reader’s language', () => {
    const [first] = completionsFor('/heapdump order', snapshot, zhCn);
    expect(first?.hint).toBe(zhCn.podShows.leaking);
  });
});
