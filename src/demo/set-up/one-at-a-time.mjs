import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * Runs `work` while no other process of this machine runs work of the same name for the same folder; the others wait.
 *
 * The lock is a name in Linux's abstract socket space: the kernel frees it however its holder ends, so there is no
 * stale lock to guess about, and those who wait are told by their connection's end. Other systems have no such
 * names, nor can the demo run there: they do without.
 *
 * @template T
 * @param {{ folder: string, name: string, whenWaiting?: () => void }} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what `work` returns
 */
export async function oneAtATime({ folder, name, whenWaiting }, work) {
  if (process.platform !== 'linux') return await work();
  const key = createHash('sha256')
    .update(`${realpathSync(folder)}\n${name}`)
    .digest('hex')
    .slice(0, 32);
  const path = `\0heapdump-bot-${key}`;
  let told = false;
  for (;;) {
    const release = await take(path);
    if (release !== null) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (!told) whenWaiting?.();
    told = true;
    await untilFreed(path);
  }
}

/** @param {string} path @returns {Promise<(() => void) | null>} null if another process holds it */
async function take(path) {
  /** @type {Set<import('node:net').Socket>} */
  const waiting = new Set();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => waiting.delete(socket));
  });
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return null;
    throw error;
  }
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

/** @param {string} path */
async function untilFreed(path) {
  const socket = connect(path);
  // Refused means that it was freed in between, a reset that its holder has ended: both are what is waited for.
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.on('close', resolve));
}
