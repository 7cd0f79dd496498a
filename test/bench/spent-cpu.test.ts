import { describe, expect, it } from 'vitest';
import { profileSection, SPENDERS_OF_BOT, spendersByHand } from '../../bench/measures/approval-cpu.ts';
import type { ProcessCpu } from '../../bench/proc.ts';
import { createCpuMeter, type Spent, spentSoFar } from '../../bench/spent-cpu.ts';

const running = (pid: number, parentPid: number, name: string, own: number, reaped = 0): ProcessCpu => ({
  pid,
  parentPid,
  name,
  ownSeconds: own,
  reapedSeconds: reaped,
});

/** Under the bench (10) a worker (20), a store (30) and a cluster (40) with one pod, in which a dump is read. */
const MACHINE: readonly ProcessCpu[] = [
  running(1, 0, 'init', 500, 900),
  running(50, 46, 'dd', 0.5),
  running(10, 1, 'node', 3, 0.25),
  running(20, 10, 'node', 7),
  running(30, 10, 'node', 4),
  running(40, 10, 'node', 2, 1),
  running(41, 40, 'setpriv', 0.125),
  running(42, 41, 'java', 6, 0.0625),
  running(45, 40, 'nsenter', 0, 8),
  running(46, 45, 'sh', 0.25, 16),
  running(60, 1, 'java', 99),
];

describe('who spends CPU', () => {
  it('is told apart: both kinds of threads of the worker, the store, the API server, the bench and its children', () => {
    const spent = spentSoFar(MACHINE, 5, { worker: 20, cluster: 40, store: 30 }, 10);

    expect(spent).toMatchObject({ workerMain: 5, workerThreads: 2, store: 4, apiServer: 2 });
    expect(spent).toMatchObject({ bench: 3, benchChildren: 0.25 });
  });

  it('is a pod’s service, or its programs: those at work and those that have ended', () => {
    const spent = spentSoFar(MACHINE, 5, { cluster: 40 }, 10);

    expect(spent.jvm).toBe(6);
    expect(spent.podPrograms).toBe(1 + 0.125 + 0.0625 + 8 + 0.25 + 16 + 0.5);
  });

  it('is not told of what is not on this machine, or is gone', () => {
    expect(spentSoFar(MACHINE, 5, { worker: 20 }, 10)).toEqual({
      bench: 3,
      benchChildren: 0.25,
      workerMain: 5,
      workerThreads: 2,
    });
    expect(spentSoFar(MACHINE, undefined, { worker: 21, store: 31, cluster: 43 }, 10)).toEqual({
      bench: 3,
      benchChildren: 0.25,
    });
  });

  it('is measured between two looks', () => {
    const read = createCpuMeter({})();
    const until = performance.now() + 150;
    while (performance.now() < until);
    const spent = read();

    expect(spent?.by.bench).toBeGreaterThan(0.03);
    expect(spent?.by.bench).toBeLessThan(5);
    expect(spent?.machine.cores).toBeGreaterThan(0);
  });
});

describe('the profile from approval to link', () => {
  const cpu = (by: Spent['by'], busySeconds: number): Spent => ({
    by,
    machine: { cores: 2, busySeconds, idleSeconds: 1 },
  });
  const byBot = (by: Spent['by'], busySeconds = 10) => ({
    name: 'heapdump-bot',
    runs: [{ seconds: 6, cpu: cpu(by, busySeconds) }],
    spenders: SPENDERS_OF_BOT,
  });
  const valuesOf = (section: ReturnType<typeof profileSection>) =>
    Object.fromEntries(section?.rows.map(({ name, figure }) => [name, figure?.value]) ?? []);

  it('puts the time that was measured beside the least that so much CPU takes on these cores', () => {
    const section = profileSection('a dump', [byBot({ workerMain: 3, store: 4 })]);

    expect(section?.title).toBe('CPU while a dump goes from approval to link');
    expect(section?.rows.slice(0, 3)).toMatchObject([
      { name: 'heapdump-bot: measured', unit: 's', figure: { value: 6 } },
      { name: 'heapdump-bot: busy ÷ cores', unit: 's', figure: { value: 5 } },
      { name: 'heapdump-bot: busy ÷ cores, without everything else', unit: 's', figure: { value: 3.5 } },
    ]);
  });

  it('leaves nothing out: what nobody named has spent is a row as well', () => {
    expect(valuesOf(profileSection('a dump', [byBot({ workerMain: 3, store: 4 })]))).toMatchObject({
      'heapdump-bot: worker, main thread': 3,
      'heapdump-bot: store': 4,
      'heapdump-bot: everything else': 3,
    });
  });

  it('has no row, rather than a zero, for what is elsewhere or has no part in it', () => {
    const names = Object.keys(
      valuesOf(profileSection('the target’s dump', [byBot({ workerMain: 3, bench: 1, benchChildren: 0 })])),
    );

    expect(names.filter((name) => /JVM|pod|API server|store|kubectl/.test(name))).toEqual([]);
    expect(names).toContain('heapdump-bot: bench process (bot, Slack’s stand-in)');
  });

  it('has kubectl where one copies by hand with it, and the worker, which stands by, never', () => {
    const by = { workerMain: 0, benchChildren: 2, bench: 1 };
    const names = (kubectl: boolean) =>
      Object.keys(
        valuesOf(
          profileSection('a dump', [
            {
              name: 'by hand',
              runs: [{ seconds: 6, cpu: cpu(by, 4) }],
              spenders: spendersByHand(kubectl),
            },
          ]),
        ),
      );

    expect(names(true)).toContain('by hand: kubectl');
    expect(names(false)).not.toContain('by hand: kubectl');
    expect(names(true).join()).not.toContain('worker');
  });

  it('is absent where the system does not tell', () => {
    const way = { name: 'by hand', runs: [{ seconds: 6, cpu: undefined }], spenders: spendersByHand(true) };

    expect(profileSection('a dump', [way])).toBeUndefined();
  });
});
