import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { figureOf, ratioOf } from '../../bench/figure.ts';
import { readOptions } from '../../bench/options.ts';
import { svgOf } from '../../bench/plot.ts';
import { HEADLINES, type HeadlineResult, jsonLine, type Report } from '../../bench/report.ts';
import { markdownOf } from '../../bench/table.ts';

const headlines = (given: Partial<Report['headlines']>): Report['headlines'] => ({
  ...(Object.fromEntries(HEADLINES.map((key) => [key, { figure: null, note: 'not here' }])) as Record<
    (typeof HEADLINES)[number],
    HeadlineResult
  >),
  ...given,
});

const report = (given: Partial<Report> = {}): Report => ({
  startedAt: '2026-11-24T20:00:00.000Z',
  quick: false,
  surroundings: { CPU: '2 × a & b', Node: '20' },
  sections: [
    {
      title: 'Throughput',
      rows: [
        { name: 'relay <into nothing>', unit: 'MB/s', figure: figureOf([90, 100, 120]) },
        { name: 'kubectl cp', unit: 'MB/s', figure: null, note: 'no kubectl' },
      ],
    },
  ],
  headlines: headlines({ relayVsPipe: { figure: figureOf([0.9, 0.96, 1.1]), note: '' } }),
  broken: [],
  ...given,
});

describe('figures of a bench', () => {
  it('are the median of their runs, with the least and the most beside it', () => {
    expect(figureOf([3, 1, 2])).toEqual({ value: 2, min: 1, max: 3, runs: 3 });
    expect(figureOf([10, 1])).toEqual({ value: 5.5, min: 1, max: 10, runs: 2 });
    expect(() => figureOf([])).toThrow(RangeError);
  });

  it('that compare two ways compare what ran side by side', () => {
    // Each round was twice as slow as the one before, for both: the ratio does not see it.
    expect(ratioOf([1, 2, 4], [2, 4, 8])).toEqual({ value: 0.5, min: 0.5, max: 0.5, runs: 3 });
  });
});

describe('the report of a bench', () => {
  it('ends in one line of JSON with a figure, or null, for each headline', () => {
    const line = jsonLine(report());
    const parsed = JSON.parse(line) as Record<string, unknown>;

    expect(line).not.toContain('\n');
    expect(parsed.relayVsPipe).toEqual({ value: 0.96, min: 0.9, max: 1.1, runs: 3 });
    for (const key of [
      'relayVsKubectlCp',
      'approvalToLinkVsByHand',
      'rssMbOne',
      'rssMbEight',
      'resentBytesAfterCut',
    ])
      expect(parsed[key]).toBeNull();
  });

  it('says of each goal whether it is met, and of what is missing why', () => {
    const missed = { figure: figureOf([250]), note: 'eight of 256 MB' };
    const table = markdownOf(report({ headlines: headlines({ rssMbOne: missed }) })).replaceAll(/ +/g, ' ');

    expect(table).toContain('| memory, 1 transfer | 250 | | 1 | at most 100 MB | no | eight of 256 MB |');
    expect(table).toContain('| relay ÷ bare pipe | – | | | at least 0.95 | | not here |');
    expect(table).toContain('| relay <into nothing> | 100 | 90.0 – 120 | 3 | MB/s | |');
  });

  it('holds bytes sent twice against the limit of that very run', () => {
    const resent = (limit: number) =>
      jsonLine(
        report({
          headlines: headlines({ resentBytesAfterCut: { figure: figureOf([1000]), note: '', limit } }),
        }),
      );

    expect(JSON.parse(resent(1000))).toMatchObject({ met: { resentBytesAfterCut: true } });
    expect(JSON.parse(resent(999))).toMatchObject({ met: { resentBytesAfterCut: false } });
  });

  it('is drawn as well-formed SVG that names every row', () => {
    const svg = svgOf(report());

    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).toContain('relay &lt;into nothing&gt;');
    expect(svg).toContain('not measured');
    expect(svg).toContain('90.0 – 120');
  });

  it('draws no section that is for the table alone', () => {
    const profile = {
      title: 'CPU while',
      rows: [{ name: 'by hand: store', unit: 'CPU s' as const, figure: figureOf([2]) }],
      tableOnly: true,
    };
    const both = report({ sections: [...report().sections, profile] });

    expect(svgOf(both)).toBe(svgOf(report()));
    expect(markdownOf(both)).toContain('by hand: store');
  });
});

describe('the command line of a bench', () => {
  const read = (...argv: string[]) => readOptions(argv, '/project');

  it('takes a cluster only together with a pod of it', () => {
    expect(read('--kubeconfig', '/k', '--target', 'prod/api', '-c', 'app').real).toMatchObject({
      kubeconfig: '/k',
      namespace: 'prod',
      pod: 'api',
      container: 'app',
    });
    expect(() => read('--kubeconfig', '/k')).toThrow('--target');
    expect(() => read('--kubeconfig', '/k', '--target', 'api')).toThrow('namespace/pod');
  });

  it('takes three runs and more, and a quick bench leaves the committed results alone', () => {
    expect(read().runs).toBeGreaterThanOrEqual(3);
    expect(read().throughputRuns).toBeGreaterThanOrEqual(3);
    expect(read().out).toBe('/project/bench/results');
    expect(read('--quick').out).not.toContain('results');
    expect(() => read('--runs', 'many')).toThrow('1 to 100');
  });

  it('takes heaps of one’s own, and its headline of 1024 MB where that is among them, else of the last', () => {
    const of = (sizes: string, ...more: string[]) => read('--sizes', sizes, ...more).sizes;

    expect(of('4096')).toMatchObject({ approval: [4096], approvalHeadline: 4096 });
    expect(of('4096,1024,256')).toMatchObject({ approval: [4096, 1024, 256], approvalHeadline: 1024 });
    expect(of('64,128')).toMatchObject({ approvalHeadline: 128 });
    // The other measures keep theirs.
    expect(of('4096').throughput).toBe(read().sizes.throughput);
    expect(of('4096', '--quick').cut).toBe(read('--quick').sizes.cut);
  });

  it.each(['', '1 GB', '8', '99999', '256,', '256,256', '1e3', '-64', '256.5'])(
    'names heaps that it does not take, and what it takes: "%s"',
    (sizes) => {
      expect(() => read(`--sizes=${sizes}`)).toThrow(`--sizes is "${sizes}"; allowed: MB from 16 to 32768`);
    },
  );

  it('takes no heaps for a target, which has one', () => {
    const real = ['--kubeconfig', '/k', '--target', 'prod/api'];

    expect(() => read('--sizes', '256', ...real)).toThrow('--sizes is "256"; not allowed with --kubeconfig');
  });
});
