import { describe, expect, it } from 'vitest';
import { countOf, LineSplitter, parseToolLine } from '../../src/worker/tool-lines.ts';

describe('a line of the dump tool', () => {
  it('is a word, and values by their keys', () => {
    expect(parseToolLine('dumped file=/tmp/a.hprof bytes=1234')).toEqual({
      word: 'dumped',
      values: { file: '/tmp/a.hprof', bytes: '1234' },
    });
    expect(parseToolLine('end')).toEqual({ word: 'end', values: {} });
  });

  it('may have an = in its value, an empty value, and a line end of Windows', () => {
    expect(parseToolLine('jvm main=-Dx=y start=\r')?.values).toEqual({ main: '-Dx=y', start: '' });
  });

  it.each([
    ['', 'nothing'],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g', 'what a JVM says of itself'],
    ['/tmp/x: Permission denied', 'what a shell says'],
    ['dumped file=/tmp/a b.hprof', 'a value with a space in it'],
    ['dumped  file=/tmp/a', 'two spaces'],
    ['dumped =x', 'a value without a key'],
    ['Dumped file=/tmp/a', 'a capital letter'],
    [`dumped file=${'x'.repeat(9000)}`, 'a line that no tool prints'],
    [' dumped file=/tmp/a', 'a space before it'],
  ])('is not %j: %s', (line) => {
    expect(parseToolLine(line)).toBeUndefined();
  });

  it('cannot reach into the values’ prototype', () => {
    const line = parseToolLine('jvm __proto__=x constructor=y');

    expect(line?.values.toString).toBeUndefined();
    expect(Object.keys(line?.values ?? {})).toEqual(['__proto__', 'constructor']);
  });
});

describe('a number in a line', () => {
  const line = parseToolLine(
    'x zero=0 many=999999999999999 long=9999999999999999 minus=-1 hex=0x10 part=1.5 no=',
  );

  it('is a whole number that JavaScript can hold exactly', () => {
    expect(countOf(line, 'zero')).toBe(0);
    expect(countOf(line, 'many')).toBe(999_999_999_999_999);
  });

  it.each(['long', 'minus', 'hex', 'part', 'no', 'absent', 'toString'])('is not %s', (key) => {
    expect(countOf(line, key)).toBeUndefined();
  });

  it('is nowhere where there is no line', () => {
    expect(countOf(undefined, 'zero')).toBeUndefined();
  });
});

describe('output that comes in pieces', () => {
  const linesOf = (chunks: readonly (string | Buffer)[]): string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
    splitter.end();
    return lines;
  };

  it('is put together into lines, wherever it was cut', () => {
    const text = 'jmap-dump-tool 1\ndumped file=/tmp/a bytes=12\n\nend\n';
    for (let size = 1; size <= text.length; size += 1) {
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];

      expect(linesOf(chunks)).toEqual(['jmap-dump-tool 1', 'dumped file=/tmp/a bytes=12', '', 'end']);
    }
  });

  it('gives a last line without a line end too, and gives it once', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.push(Buffer.from('end'));
    splitter.end();
    splitter.end();

    expect(lines).toEqual(['end']);
  });

  it('does not let a line without an end grow for ever, nor take its head for a line of the tool', () => {
    const lines = linesOf([...Array.from({ length: 1000 }, () => 'x'.repeat(1000)), '\nend\n']);

    expect(lines).toHaveLength(2);
    expect(lines[0]?.length).toBeLessThan(20_000);
    expect(parseToolLine(lines[0] ?? '')).toBeUndefined();
    expect(lines[1]).toBe('end');
  });
});
