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
    return [GOALS[key].says, ...figureCells(result.figure), GOALS[key].goal, verdict, result.note];
  });
  return aligned([['figure', ...FIGURE_HEADS, 'goal', 'met', 'of what'], ...rows]);
}

function sectionTable({ title, rows }: Section): string[] {
  const cells = rows.map(({ name, figure, unit, note, limit }) => {
    const most = limit === undefined ? '' : `at most ${shortNumber(limit)}`;
    const more = [most, note].filter((text) => text !== undefined && text !== '').join('; ');
    return [name, ...figureCells(figure), unit, more];
  });
  return aligned([[title, ...FIGURE_HEADS, 'unit', ''], ...cells]);
}

const FIGURE_HEADS = ['median', 'min – max', 'runs'];
const isFigure = (column: number): boolean => column >= 1 && column <= FIGURE_HEADS.length;

function figureCells(figure: Figure | null): string[] {
  if (figure === null) return ['–', '', ''];
  const spread = figure.runs === 1 ? '' : `${shortNumber(figure.min)} – ${shortNumber(figure.max)}`;
  return [shortNumber(figure.value), spread, String(figure.runs)];
}

/** A table that can be read as text as well. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const padded = (cells: readonly string[]): string =>
    line(widths.map((width, at) => fill(cells[at] ?? '', width, at)));
  const fill = (cell: string, width: number, at: number): string =>
    isFigure(at) ? cell.padStart(width) : cell.padEnd(width);
  const rule = widths.map((width, at) => (isFigure(at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [padded(head), line(rule), ...body.map(padded), ''];
}
