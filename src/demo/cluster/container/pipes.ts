import { spawn } from 'node:child_process';
import { closeSync, constants, fchmodSync, openSync, readlinkSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { ClusterSetupError } from '../pod-spec.ts';
import { childrenOf } from './process-table.ts';

/** Pipes made at a time; an exec needs up to three. */
const BATCH = 32;
/** Making a batch takes 10 ms; this is for a machine that is very busy. */
const BATCH_TIMEOUT_MS = 60_000;
/** Every stage waits, without a process of its own to start, until its parent closes descriptor 9. */
const HOLD_PIPES = `exec 9<&0; wait_here() { read -r _ <&9; }; wait_here ${'| wait_here '.repeat(BATCH)}`;

export interface PipeEnds {
  parentFd: number;
  childFd: number;
}

/**
 * Makes anonymous pipes for commands in pods, as containerd does. Node has no call for that: its own stdio pipes are
 * socket pairs, on which `/dev/stdin` cannot be opened, and a FIFO that lost its writer blocks whoever opens it.
 * So a shell makes them, in a pipeline, and they are taken from it by way of /proc.
 */
export class PipeMaker {
  /** Each holds both ends. */
  #spare: number[] = [];

  /** `parentEnd` says what this process does with its end. The child's end blocks, the parent's does not. */
  make(parentEnd: 'reads' | 'writes'): PipeEnds {
    if (this.#spare.length === 0) this.#spare = makeBatch();
    const both = this.#spare.pop();
    if (both === undefined)
      throw new ClusterSetupError('missing-program', 'No pipes could be made with /bin/sh');
    try {
      const reads = parentEnd === 'reads';
      const path = `/proc/self/fd/${both}`;
      const readFd = openSync(path, constants.O_RDONLY | (reads ? constants.O_NONBLOCK : 0));
      const writeFd = openSync(path, constants.O_WRONLY | (reads ? 0 : constants.O_NONBLOCK));
      return reads ? { parentFd: readFd, childFd: writeFd } : { parentFd: writeFd, childFd: readFd };
    } finally {
      closeSync(both);
    }
  }

  /** Lets go of the pipes that nobody took. */
  close(): void {
    for (const fd of this.#spare.splice(0)) closeSync(fd);
  }
}

/** Blocks this process for as long as it takes, since an exec's command is started without waiting. */
const makeBatch = (): number[] => {
  const holder = spawn('/bin/sh', ['-c', HOLD_PIPES], { stdio: ['pipe', 'ignore', 'ignore'] });
  holder.on('error', () => {});
  const deadline = performance.now() + BATCH_TIMEOUT_MS;
  try {
    while (holder.pid !== undefined && performance.now() < deadline) {
      const pids = childrenOf(holder.pid).filter((pid) => hasPipeAsStdout(pid));
      if (pids.length === BATCH) return pids.map(openStdout);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
    return [];
  } finally {
    holder.stdin?.destroy();
  }
};

const openStdout = (pid: number): number => {
  const fd = openSync(`/proc/${pid}/fd/1`, constants.O_RDWR);
  // A command of any user may open its own stdin and stdout by name.
  fchmodSync(fd, 0o666);
  return fd;
};

const hasPipeAsStdout = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`).startsWith('pipe:');
  } catch {
    return false;
  }
};

/** What kubelet and containerd put into one frame, whatever the command's block size. */
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
