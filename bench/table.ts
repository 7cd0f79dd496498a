/** A report as Markdown. */
import type { Figure } from './figure.ts';
import { shortNumber } from './numbers.ts';
import { GOALS, HEADLINES, isMet, type Report, type Section } from './report.ts';

export function markdownOf(report: Report): string {
  const about = Object.entries(report.surroundings).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${report.startedAt.slice(0, 10)}${report.quick ? ', a quick run: shows that it works, no more' : ''}. ${about.join('; ')}.`,
    '',
    ...headlineTable(report),
    ...report.sections.flatMap(sectionTable),
    ...report.broken.map((text) => `Broken: ${text}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function headlineTable({ headlines }: Report): string[] {
  const rows = HEADLINES.map((key) => {
    const result = headlines[key];
    const met = isMet(key, result);
    const verdict = met === null ? '' : met ? 'yes' : 'no';
    return row(GOALS[key].says, ...figureCells(result.figure), GOALS[key].goal, verdict, result.note);
  });
  return [
    row('figure', 'median', 'min – max', 'runs', 'goal', 'met', 'of what'),
    row('---', '---:', '---:', '---:', '---', '---', '---'),
    ...rows,
    '',
  ];
}

function sectionTable({ title, rows }: Section): string[] {
  return [
    row(title, 'median', 'min – max', 'runs', 'unit', ''),
    row('---', '---:', '---:', '---:', '---', '---'),
    ...rows.map(({ name, figure, unit, note, limit }) => {
      const most = limit === undefined ? '' : `at most ${shortNumber(limit)}`;
      const more = [most, note].filter((text) => text !== undefined && text !== '').join('; ');
      return row(name, ...figureCells(figure), unit, more);
    }),
    '',
  ];
}

function figureCells(figure: Figure | null): string[] {
  if (figure === null) return ['–', '', ''];
  const spread = figure.runs === 1 ? '' : `${shortNumber(figure.min)} – ${shortNumber(figure.max)}`;
  return [shortNumber(figure.value), spread, String(figure.runs)];
}

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
