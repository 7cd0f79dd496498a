/** The dump tool's output, line by line: `word key=value key=value`. Pure. */

export const TOOL_PROTOCOL = 'jmap-dump-tool 1';

export interface ToolLine {
  readonly word: string;
  readonly values: Readonly<Record<string, string>>;
}

/** @returns undefined for what is no line of the protocol: pods are not trusted to print nothing else */
export function parseToolLine(line: string): ToolLine | undefined {
  if (line.length > 8192) return undefined;
  const [word = '', ...pairs] = line.trimEnd().split(' ');
  if (!/^[a-z][a-z-]*$/.test(word)) return undefined;
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) return undefined;
    values[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return { word, values };
}

/** @returns a whole number that counts something, or undefined */
export function countOf(line: ToolLine | undefined, key: string): number | undefined {
  const text = line?.values[key];
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** Cuts a stream of bytes into lines; a line that is too long is cut, not kept. */
export class LineSplitter {
  #rest = '';
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = (parts.pop() ?? '').slice(0, 16_384);
    for (const part of parts) this.#onLine(part);
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
