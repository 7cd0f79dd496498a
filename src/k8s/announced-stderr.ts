import { readFirstLine, type StartedCommand } from './end-command.ts';
import { TailBuffer } from './tail-buffer.ts';

/** A command's stderr, without the line in front of it by which our shell tells the command's pid. */
export class AnnouncedStderr {
  /** The command, once it is known; undefined if what came was no such line. Never settles where none is expected. */
  readonly announced: Promise<StartedCommand | undefined>;
  readonly #tail: TailBuffer;
  #announce: (command: StartedCommand | undefined) => void = () => {};
  /** What came before the end of the first line; undefined after it. */
  #beginning: Buffer | undefined;

  constructor(limitBytes: number, expectsLine: boolean) {
    this.#tail = new TailBuffer(limitBytes);
    this.#beginning = expectsLine ? Buffer.alloc(0) : undefined;
    this.announced = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  /** @returns what of it is the command's own, or that there is no such command */
  push(chunk: Buffer): Buffer | 'no-command' {
    let own = chunk;
    if (this.#beginning !== undefined) {
      own = Buffer.concat([this.#beginning, chunk]);
      const line = readFirstLine(own);
      this.#beginning = line.kind === 'incomplete' ? own : undefined;
      if (line.kind === 'incomplete') return Buffer.alloc(0);
      this.#announce(line.kind === 'started' ? line.command : undefined);
      if (line.kind === 'no-command') return line.kind;
      if (line.kind === 'started') own = line.rest;
    }
    this.#tail.push(own);
    return own;
  }

  /** Its last `limitBytes`. */
  toString(): string {
    return this.#tail.toString() + (this.#beginning?.toString('utf8') ?? '');
  }
}
