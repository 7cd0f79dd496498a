/** A report as a picture: a bar for each median, a line over it from the least to the most, a mark for a limit. */
import { shortNumber } from './numbers.ts';
import type { Report, Row, Section } from './report.ts';

const WIDTH = 900;
const LABELS = 400;
const BARS = 340;
const MARGIN = 24;
const ROW = 24;
const TITLE = 40;
const BAR = 13;
const INK = '#1f2430';
const PALE = '#6b7280';
const OURS = '#2f6fde';
const OTHERS = '#b9c0cc';
const LIMIT = '#c2410c';

export function svgOf(report: Report): string {
  const sections = report.sections.filter(
    ({ rows, tableOnly }) => !tableOnly && rows.some(({ figure }) => figure !== null),
  );
  const shapes: string[] = [];
  let y = MARGIN;
  for (const section of sections) {
    shapes.push(...panel(section, y));
    y += TITLE + section.rows.length * ROW + MARGIN / 2;
  }
  const foot = `${report.startedAt.slice(0, 10)} · ${report.surroundings.CPU ?? ''} · Node ${report.surroundings.Node ?? ''} · median, least and most${report.quick ? ' · a quick run' : ''}`;
  const legend = 'blue: heapdump-bot · grey: what it is compared with · dashes: the most that it may be';
  shapes.push(
    text(MARGIN, y + 10, foot, { size: 11, fill: PALE }),
    text(MARGIN, y + 26, legend, { size: 11, fill: PALE }),
  );
  const height = y + MARGIN + 24;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>heapdump-bot: benchmarks of ${escapeXml(report.startedAt.slice(0, 10))}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...shapes,
    '</svg>',
  ].join('\n')}\n`;
}

function panel({ title, rows }: Section, top: number): string[] {
  const most = Math.max(...rows.flatMap(({ figure, limit }) => [figure?.max ?? 0, limit ?? 0]));
  const unit = rows[0]?.unit ?? '';
  return [
    text(MARGIN, top + 14, `${title}, ${unit}`, { size: 15, bold: true }),
    ...rows.flatMap((row, index) => bar(row, top + TITLE + index * ROW, most || 1)),
  ];
}

/** @param y of the middle of the row */
function bar({ name, figure, limit, other }: Row, y: number, most: number): string[] {
  const left = MARGIN + LABELS;
  const at = (value: number): number => round(left + (value / most) * BARS);
  const shapes = [text(left - 10, y + 4, name, { anchor: 'end' })];
  if (limit !== undefined)
    shapes.push(
      `<line x1="${at(limit)}" y1="${y - ROW / 2}" x2="${at(limit)}" y2="${y + ROW / 2}" stroke="${LIMIT}" stroke-width="1.5" stroke-dasharray="4 3"/>`,
    );
  if (figure === null) return [...shapes, text(left + 4, y + 4, 'not measured', { fill: PALE })];
  const fill = other ? OTHERS : OURS;
  const width = round(Math.max(1, at(figure.value) - left));
  shapes.push(
    `<rect x="${left}" y="${y - BAR / 2}" width="${width}" height="${BAR}" rx="2" fill="${fill}"/>`,
    `<line x1="${at(figure.min)}" y1="${y}" x2="${at(figure.max)}" y2="${y}" stroke="${INK}" stroke-width="1.5"/>`,
    text(left + BARS + 12, y + 4, shortNumber(figure.value), { bold: true }),
  );
  if (figure.runs > 1) {
    const spread = `${shortNumber(figure.min)} – ${shortNumber(figure.max)}`;
    shapes.push(text(WIDTH - MARGIN, y + 4, spread, { anchor: 'end', size: 11, fill: PALE }));
  }
  return shapes;
}

interface TextStyle {
  readonly anchor?: 'end';
  readonly size?: number;
  readonly bold?: boolean;
  readonly fill?: string;
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { anchor, size = 13, bold = false, fill = INK } = style;
  const more = `${anchor === undefined ? '' : ` text-anchor="${anchor}"`}${bold ? ' font-weight="600"' : ''}`;
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}"${more}>${escapeXml(content)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const escapeXml = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
