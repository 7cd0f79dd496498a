/** What a run of the benchmarks found. */
import type { Figure } from './figure.ts';

/** The figures that have a goal, and what that is. */
export const GOALS = {
  relayVsPipe: { says: 'relay ÷ bare pipe', goal: 'at least 0.95', meets: ({ value }) => value >= 0.95 },
  relayVsKubectlCp: {
    says: 'relay ÷ kubectl cp',
    goal: 'at least 1.5',
    meets: ({ value }) => value >= 1.5,
  },
  approvalToLinkVsByHand: {
    says: 'approval to link ÷ by hand',
    goal: 'at most 0.6',
    meets: ({ value }) => value <= 0.6,
  },
  rssMbOne: { says: 'memory, 1 transfer', goal: 'at most 100 MB', meets: ({ value }) => value <= 100 },
  rssMbEight: { says: 'memory, 8 transfers', goal: 'at most 300 MB', meets: ({ value }) => value <= 300 },
  resentBytesAfterCut: {
    says: 'sent twice after a cut',
    goal: 'at most lanes × piece',
    meets: ({ value }, limit = 0) => value <= limit,
  },
} as const satisfies Record<string, Goal>;

interface Goal {
  readonly says: string;
  readonly goal: string;
  readonly meets: (figure: Figure, limit?: number) => boolean;
}

export type Headline = keyof typeof GOALS;
export const HEADLINES = Object.keys(GOALS) as Headline[];

export type Unit = 'MB/s' | 's' | 'MB' | 'CPU s' | 'CPU s/GB' | '×';

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** Null where it could not be measured. */
  readonly figure: Figure | null;
  /** Why not, or what was special. */
  readonly note?: string;
  /** Drawn in the plot as the most that it may be. */
  readonly limit?: number;
  /** Something to compare with, and nothing of ours. */
  readonly other?: boolean;
}

/** Rows that are compared with each other; one panel of the plot. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Left out of the plot. */
  readonly tableOnly?: boolean;
}

export interface HeadlineResult {
  readonly figure: Figure | null;
  /** What exactly it is a figure of, or why there is none. */
  readonly note: string;
  /** For a goal that is not a constant. */
  readonly limit?: number;
}

/** What one measure adds to the report. */
export interface Measured {
  readonly sections: readonly Section[];
  readonly headlines: Partial<Record<Headline, HeadlineResult>>;
}

export interface Report {
  readonly startedAt: string;
  readonly quick: boolean;
  /** Of machine, programs and cluster: name → value. */
  readonly surroundings: Readonly<Record<string, string>>;
  readonly sections: readonly Section[];
  readonly headlines: Readonly<Record<Headline, HeadlineResult>>;
  /** Measures that broke: name and why. */
  readonly broken: readonly string[];
}

/** Null where there is nothing to compare. */
export function isMet(key: Headline, { figure, limit }: HeadlineResult): boolean | null {
  return figure === null ? null : (GOALS[key] as Goal).meets(figure, limit);
}

/** The one line for a program: each headline by its name, or null. */
export function jsonLine(report: Report): string {
  const figures = HEADLINES.map((key) => [key, report.headlines[key].figure]);
  const notes = HEADLINES.map((key) => [key, report.headlines[key].note]);
  const met = HEADLINES.map((key) => [key, isMet(key, report.headlines[key])]);
  return JSON.stringify({
    ...Object.fromEntries(figures),
    met: Object.fromEntries(met),
    notes: Object.fromEntries(notes),
    resentBytesLimit: report.headlines.resentBytesAfterCut.limit ?? null,
    quick: report.quick,
    startedAt: report.startedAt,
    surroundings: report.surroundings,
    broken: report.broken,
  });
}
