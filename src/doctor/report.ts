/** Findings → what is printed: a line each with its remedy below, or JSON. */
import { areaOf, type Finding, type Verdict } from './finding.ts';
import type { DoctorWords } from './words/words.ts';

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', warning: '!', failed: '✗' };

export const isHealthy = (findings: readonly Finding[]): boolean =>
  findings.every(({ verdict }) => verdict !== 'failed');

export function reportLines(findings: readonly Finding[], words: DoctorWords): string[] {
  const width = Math.max(...findings.map(({ code }) => areaOf(code).length));
  const lines = findings.flatMap(({ code, verdict, facts }) => {
    const { says, remedy } = told(code, facts, words);
    const line = `${SIGNS[verdict]} ${areaOf(code).padEnd(width)}  ${says}`;
    return remedy === undefined ? [line] : [line, `${' '.repeat(width + 4)}→ ${remedy}`];
  });
  const count = (verdict: Verdict): string =>
    String(findings.filter((each) => each.verdict === verdict).length);
  return [
    ...lines,
    '',
    fill(isHealthy(findings) ? words.healthy : words.unhealthy, {
      ok: count('ok'),
      warnings: count('warning'),
      failed: count('failed'),
    }),
  ];
}

export function reportJson(findings: readonly Finding[], words: DoctorWords): string {
  const checks = findings.map(({ code, verdict, facts }) => ({
    code,
    area: areaOf(code),
    verdict,
    ...told(code, facts, words),
    facts,
  }));
  return JSON.stringify({ ok: isHealthy(findings), checks });
}

function told(
  code: Finding['code'],
  facts: Finding['facts'],
  words: DoctorWords,
): { says: string; remedy?: string } {
  const [says, remedy] = words.findings[code];
  return { says: fill(says, facts), ...(remedy === undefined ? {} : { remedy: fill(remedy, facts) }) };
}

/** What a server said may hold anything; a terminal shows one line of it, without its escapes. */
const fill = (text: string, facts: Finding['facts']): string =>
  text.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    (facts[name] ?? '?').replace(/\p{Cc}+/gu, ' ').slice(0, 500),
  );
