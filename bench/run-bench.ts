/** One measure after the other; one that breaks, or cannot be taken here, does not take the others along. */
import type { Lab } from './lab.ts';
import { measureApproval } from './measures/approval.ts';
import { measureCosts } from './measures/costs.ts';
import { measureCut } from './measures/cut.ts';
import { measureMemory } from './measures/memory.ts';
import { measureThroughput } from './measures/throughput.ts';
import { NotMeasurable } from './not-measurable.ts';
import {
  HEADLINES,
  type Headline,
  type HeadlineResult,
  type Measured,
  type Report,
  type Section,
} from './report.ts';
import { surroundingsOf } from './surroundings.ts';

interface Measure {
  readonly measure: (lab: Lab) => Promise<Measured>;
  /** What there is no figure of, if it breaks. */
  readonly headlines: readonly Headline[];
}

const MEASURES: Readonly<Record<string, Measure>> = {
  throughput: { measure: measureThroughput, headlines: ['relayVsPipe', 'relayVsKubectlCp'] },
  costs: { measure: measureCosts, headlines: [] },
  approval: { measure: measureApproval, headlines: ['approvalToLinkVsByHand'] },
  memory: { measure: measureMemory, headlines: ['rssMbOne', 'rssMbEight'] },
  cut: { measure: measureCut, headlines: ['resentBytesAfterCut'] },
};

/** @throws Error for a measure that does not exist; the signal's reason */
export async function runBench(lab: Lab): Promise<Report> {
  const { only, quick } = lab.options;
  const unknown = only.filter((name) => !(name in MEASURES));
  if (unknown.length > 0)
    throw new Error(`--only is "${unknown.join(',')}"; allowed: ${Object.keys(MEASURES).join(', ')}`);
  const startedAt = new Date().toISOString();
  const surroundings = await surroundingsOf(lab);
  const sections: Section[] = [];
  const broken: string[] = [];
  const headlines = Object.fromEntries(
    HEADLINES.map((key) => [key, { figure: null, note: 'was not asked for' }]),
  ) as Record<Headline, HeadlineResult>;
  for (const [name, each] of Object.entries(MEASURES)) {
    if (only.length > 0 && !only.includes(name)) continue;
    lab.signal.throwIfAborted();
    try {
      const measured = await each.measure(lab);
      sections.push(...measured.sections);
      Object.assign(headlines, measured.headlines);
    } catch (error) {
      lab.signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      for (const key of each.headlines) headlines[key] = { figure: null, note: why };
      if (error instanceof NotMeasurable) continue;
      lab.say(`${name} broke: ${error instanceof Error ? (error.stack ?? why) : why}`);
      broken.push(`${name}: ${why}`);
    }
  }
  return { startedAt, quick, surroundings, sections, headlines, broken };
}
