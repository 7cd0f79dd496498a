import { setFlagsFromString } from 'node:v8';

/**
 * V8 goes through the whole heap when that has grown by a share of what was left the last time, and counts received bytes
 * among it. Those of a dump out of a pod lie in memory that is used again (receive-buffer.ts), but what is read back from
 * the store comes and goes by the hundred MB a second: with V8's own share that cost a worker 6.7 CPU s on 1 GB, with this
 * one 5.0. With 40 % V8 was at it several times a second; 150 % kept 25 MB more of garbage. To be called first thing in a
 * process.
 */
export const collectLessOften = (): void => setFlagsFromString('--heap-growing-percent=60');
