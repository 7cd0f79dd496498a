/** What each part of the proof, and of compressing, costs in CPU. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { exec } from '../../src/k8s/exec.ts';
import { packedBound, packPiece } from '../../src/worker/pieces/chunked-gzip.ts';
import { createPosixCksum } from '../../src/worker/pieces/posix-cksum.ts';
import { RunningRecord } from '../../src/worker/pieces/recorded-file.ts';
import { createPieceTreatment } from '../../src/worker/pieces/treat-piece.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { Lab, Setting } from '../lab.ts';
import type { Measured, Row } from '../report.ts';
import { timed } from '../timed.ts';
import { barePipe } from '../ways/bare-pipe.ts';
import { type PreparedDump, prepareDump } from '../ways/prepare-dump.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 8 * MIB;
const SAMPLE_PIECES = 24;

export async function measureCosts(lab: Lab): Promise<Measured> {
  const store = await lab.startStore({ discard: true });
  const setting = await lab.setting(store);
  const subject = await lab.addSubject(lab.options.sizes.cut);
  const dump = await prepareDump(lab, setting, subject);
  try {
    lab.say('costs: checksums, walking, compressing …');
    const pieces = await firstPieces(lab, setting, dump);
    return {
      sections: [
        {
          title: 'Cost of the proofs and of compressing',
          rows: [await podChecksum(lab, dump), ...(await ours(lab, pieces))],
        },
      ],
      headlines: {},
    };
  } finally {
    await dump.remove();
    await lab.removeSubject(subject);
    await store.host.stop();
  }
}

/** Real bytes: what a piece shrinks to, and how fast, depends on them. */
async function firstPieces(lab: Lab, setting: Setting, dump: PreparedDump): Promise<SharedArrayBuffer[]> {
  const count = Math.min(SAMPLE_PIECES, Math.floor(dump.sizeBytes / PIECE_BYTES));
  if (count === 0) throw new Error('The dump is too small for a sample');
  const bytes = Buffer.alloc(count * PIECE_BYTES);
  let at = 0;
  await barePipe(
    lab.cluster,
    dump.data.target,
    ['head', '-c', String(bytes.length), dump.file],
    setting.clusterConfig.subprotocol,
    (chunk) => {
      at += chunk.copy(bytes, at);
    },
  );
  return Array.from({ length: count }, (_, index) => {
    const piece = new SharedArrayBuffer(PIECE_BYTES);
    new Uint8Array(piece).set(bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES));
    return piece;
  });
}

async function ours(lab: Lab, pieces: readonly SharedArrayBuffer[]): Promise<Row[]> {
  const treat = await createPieceTreatment();
  const cksum = createPosixCksum();
  const out = new Uint8Array(new SharedArrayBuffer(packedBound(PIECE_BYTES)));
  const gigabytes = (pieces.length * PIECE_BYTES) / 1e9;
  const cost = async (work: () => Promise<void>): Promise<Figure> => {
    const runs: number[] = [];
    for (let run = 0; run <= lab.options.runs; run += 1) {
      await nextTurn();
      runs.push((await timed(work)).cpuSeconds / gigabytes);
    }
    // The first one was for the compiler.
    return figureOf(runs.slice(1));
  };
  const each = (work: (raw: SharedArrayBuffer) => unknown) => async () => {
    for (const piece of pieces) work(piece);
  };
  let packedBytes = 0;
  const pack = (level: number) => (raw: SharedArrayBuffer) => {
    packedBytes += packPiece(new Uint8Array(raw), out, { first: false, level });
  };
  const rows: Row[] = [
    {
      name: 'thread: SHA-256 and walk',
      unit: 'CPU s/GB',
      figure: await cost(async () => {
        const record = new RunningRecord();
        for (const piece of pieces) record.take(new Uint8Array(piece), undefined);
      }),
    },
    {
      name: 'thread: MD5, CRC-64 and cksum',
      unit: 'CPU s/GB',
      figure: await cost(each((raw) => treat({ raw, rawBytes: PIECE_BYTES, sum: 'cksum' }))),
    },
    {
      name: 'of that, cksum',
      unit: 'CPU s/GB',
      figure: await cost(
        each((raw) => {
          cksum.reset();
          cksum.update(new Uint8Array(raw));
          cksum.value();
        }),
      ),
    },
    { name: 'thread: packing at level 0', unit: 'CPU s/GB', figure: await cost(each(pack(0))) },
  ];
  packedBytes = 0;
  const figure = await cost(each(pack(1)));
  const share = packedBytes / ((lab.options.runs + 1) * pieces.length * PIECE_BYTES);
  const note = `to ${Math.round(share * 100)} % of its size`;
  return [...rows, { name: 'thread: packing at level 1', unit: 'CPU s/GB', figure, note }];
}

async function podChecksum(lab: Lab, dump: PreparedDump): Promise<Row> {
  const runs: number[] = [];
  for (let run = 0; run < lab.options.runs; run += 1) {
    const { stdout } = await exec(lab.cluster, dump.data.target, {
      argv: ['sh', '-c', 'cksum "$1" >/dev/null; times', 'sh', dump.file],
      signal: lab.signal,
    });
    runs.push(childSeconds(stdout?.toString() ?? '') / (dump.sizeBytes / 1e9));
  }
  return { name: 'pod: cksum', unit: 'CPU s/GB', figure: figureOf(runs) };
}

/** The second line of POSIX `times`: user and system time of the shell's children, as `0m1.5s`. */
function childSeconds(text: string): number {
  const [, children = ''] = text.split('\n');
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`The container's sh has no times: ${text.slice(0, 200)}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
