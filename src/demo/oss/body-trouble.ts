/** What a fault does to a body on its way: slows it, cuts it, turns a bit of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Body } from './body.ts';
import type { OssFault } from './faults.ts';

/** Thrown into whoever reads a body that a fault cut; the connection is to be reset. */
export class CutByFault extends Error {
  override readonly name = 'CutByFault';
}

export function troubled(body: Body, fault: OssFault | undefined): Body {
  switch (fault?.kind) {
    case 'slow':
      return slowed(body, fault.bytesPerSecond);
    case 'reset':
      return cut(body, fault.afterBytes);
    case 'flipped-bit':
      return flipped(body);
    default:
      return body;
  }
}

/** In twenty steps a second, so that a reader sees a steady trickle. */
async function* slowed(body: Body, bytesPerSecond: number): Body & AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.floor(bytesPerSecond / 20));
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += step) {
      const piece = chunk.subarray(at, at + step);
      await sleep((piece.length / bytesPerSecond) * 1000);
      yield piece;
    }
  }
}

async function* cut(body: Body, afterBytes: number): Body & AsyncGenerator<Buffer> {
  let left = afterBytes;
  for await (const chunk of body) {
    if (chunk.length >= left) {
      yield chunk.subarray(0, left);
      throw new CutByFault(`cut after ${afterBytes} bytes`);
    }
    left -= chunk.length;
    yield chunk;
  }
  throw new CutByFault('cut at the end');
}

async function* flipped(body: Body): Body & AsyncGenerator<Buffer> {
  let done = false;
  for await (const chunk of body) {
    if (done || chunk.length === 0) {
      yield chunk;
      continue;
    }
    const copy = Buffer.from(chunk);
    copy.writeUInt8(copy.readUInt8(0) ^ 1, 0);
    done = true;
    yield copy;
  }
}
