/**
 * How the next piece is compressed. Each piece may be treated in its own way, as all ways end in the same form; so what
 * is fastest here is not guessed, but measured: a few pieces by each way, then the one that moved most of the dump per
 * second, and from time to time the others again. A way that is slower than sending as it is never wins. Pure.
 */

/** deflate: by our threads. stored: in the same form, but as it is. pod: by the container's gzip. raw: form hprof. */
export type Way = 'raw' | 'stored' | 'deflate' | 'pod';

export interface Compression {
  next(): Way;
  /** A piece is stored: so many bytes of the dump. */
  done(way: Way, dumpBytes: number): void;
}

/** Pieces by which a way is judged. */
const SAMPLE = 6;
/** Pieces sent in the best way before the others are tried again: conditions change. */
const AGAIN_AFTER = 128;
/** Smaller is worth a little: what compresses wins over what does not if it is as good as equal. */
const AS_GOOD_AS = 0.97;

interface Trial {
  readonly way: Way;
  given: number;
  done: number;
  bytes: number;
  startedAt: number | undefined;
  bytesPerMs: number | undefined;
}

export const always = (way: Way): Compression => ({ next: () => way, done: () => undefined });

/** @param ways that are open; where there is one there is nothing to measure */
export const compressionOf = (ways: readonly Way[], now: () => number): Compression => {
  const [only] = ways;
  return ways.length === 1 && only !== undefined ? always(only) : fastestOf(ways, now);
};

/** @param ways in the order in which they are tried, what compresses before what does not */
export function fastestOf(ways: readonly Way[], now: () => number): Compression {
  const fresh = (): Trial[] =>
    ways.map((way) => ({ way, given: 0, done: 0, bytes: 0, startedAt: undefined, bytesPerMs: undefined }));
  let trials = fresh();
  let best: Way | undefined;
  let sinceTrials = 0;

  const choose = (): Way => {
    const most = Math.max(...trials.map(({ bytesPerMs = 0 }) => bytesPerMs));
    const winner = trials.find(({ bytesPerMs = 0 }) => bytesPerMs >= most * AS_GOOD_AS);
    return winner?.way ?? ways[0] ?? 'stored';
  };

  return {
    next() {
      const trial = trials.find(({ given }) => given < SAMPLE);
      if (trial !== undefined) {
        trial.startedAt ??= now();
        trial.given += 1;
        return trial.way;
      }
      best ??= trials.every(({ bytesPerMs }) => bytesPerMs !== undefined) ? choose() : undefined;
      sinceTrials += 1;
      if (best !== undefined && sinceTrials > AGAIN_AFTER && ways.length > 1) {
        trials = fresh();
        best = undefined;
        sinceTrials = 0;
        return this.next();
      }
      // Not all results are in: the first way goes on meanwhile.
      return best ?? trials.find(({ bytesPerMs }) => bytesPerMs !== undefined)?.way ?? ways[0] ?? 'stored';
    },
    done(way, dumpBytes) {
      const trial = trials.find((each) => each.way === way);
      if (trial === undefined || trial.bytesPerMs !== undefined || trial.startedAt === undefined) return;
      trial.done += 1;
      trial.bytes += dumpBytes;
      if (trial.done >= SAMPLE) trial.bytesPerMs = trial.bytes / Math.max(1, now() - trial.startedAt);
    },
  };
}
