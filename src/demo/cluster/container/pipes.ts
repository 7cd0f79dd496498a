import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { join } from 'node:path';
import { ClusterSetupError } from '../pod-spec.ts';

/** Real pipes cost one mkfifo process per this many. */
const BATCH = 32;

export interface PipeEnds {
  parentFd: number;
  childFd: number;
}

/**
 * Makes pipes for commands in pods. Node's own stdio pipes are socket pairs, on which `/dev/stdin` cannot be opened
 * and which block differently; containerd gives a command real pipes. A FIFO that is unlinked once both ends are open
 * is one.
 */
export class PipeMaker {
  readonly #dir: string;
  #made = 0;
  #paths: string[] = [];

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  /** `parentEnd` says what this process does with its end. The child's end blocks, the parent's does not. */
  make(parentEnd: 'reads' | 'writes'): PipeEnds {
    const path = this.#paths.pop() ?? this.#refill();
    // Held while the two ends are opened, as each open of a FIFO would wait for the other side.
    const both = openSync(path, constants.O_RDWR);
    try {
      const reads = parentEnd === 'reads';
      const readFd = openSync(path, constants.O_RDONLY | (reads ? constants.O_NONBLOCK : 0));
      const writeFd = openSync(path, constants.O_WRONLY | (reads ? 0 : constants.O_NONBLOCK));
      return reads ? { parentFd: readFd, childFd: writeFd } : { parentFd: writeFd, childFd: readFd };
    } finally {
      closeSync(both);
      unlinkSync(path);
    }
  }

  #refill(): string {
    const paths = Array.from({ length: BATCH }, () => join(this.#dir, `pipe-${this.#made++}`));
    const { status, error, stderr } = spawnSync('mkfifo', ['-m', '666', ...paths]);
    if (status !== 0) {
      throw new ClusterSetupError('missing-program', `mkfifo failed: ${String(stderr ?? '').trim()}`, error);
    }
    this.#paths = paths.slice(1);
    return paths[0] ?? '';
  }
}

/** What kubelet and containerd put into one frame, whatever the command's block size (exec-facts 27). */
export const CHUNK_BYTES = 32_768;
/** Room before each chunk for a WebSocket header and the channel byte, so that a frame is sent without a copy. */
export const HEAD_ROOM = 5;

export interface PipeReader {
  resume(): void;
  /** Closes our end: the writer gets EPIPE. */
  destroy(): void;
}

/**
 * Reads a pipe into fresh buffers of HEAD_ROOM + CHUNK_BYTES, taken from `takeBuffer`.
 * `onChunk` gets the buffer and the number of bytes after the head room; it returns false to pause until `resume()`.
 */
export const readPipe = (
  fd: number,
  on: {
    takeBuffer: () => Buffer;
    chunk: (buffer: Buffer, length: number) => boolean;
    end: () => void;
  },
): PipeReader => {
  let current = on.takeBuffer();
  const room = () => current.subarray(HEAD_ROOM, HEAD_ROOM + CHUNK_BYTES);
  let first = true;
  // The constructor takes onread as connect() does; the types know only the latter.
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: () => {
        if (first) first = false;
        else current = on.takeBuffer();
        return room();
      },
      callback: (length) => on.chunk(current, length),
    },
  };
  const socket = new Socket(options);
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    on.end();
  };
  socket.on('end', end);
  socket.on('close', end);
  // A pipe fails only when it is destroyed under us, and 'close' follows.
  socket.on('error', () => {});
  socket.resume();
  return {
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
};

/** The writing end as a stream; errors (the command closed its stdin) are swallowed, as a kubelet does. */
export const writePipe = (fd: number): Socket => {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => {});
  return socket;
};
