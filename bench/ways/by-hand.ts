/** What one does without us: jcmd, copy the file out, upload it. Nothing is checked on the way. */
import { open, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { credentialsFromConfig } from '../../src/credentials-from-config.ts';
import { exec } from '../../src/k8s/exec.ts';
import { createOssClient } from '../../src/oss-client.ts';
import type { Lab, Setting, Subject } from '../lab.ts';
import type { CpuMeter, Spent } from '../spent-cpu.ts';
import { findKubectl } from './kubectl.ts';
import { lookAt } from './look-at.ts';

export interface HandMade {
  readonly seconds: number;
  /** Of that. */
  readonly dumpSeconds: number;
  readonly copySeconds: number;
  readonly uploadSeconds: number;
  /** Over the same span. */
  readonly cpu: Spent | undefined;
}

/** As generous as a person would be who knows ali-oss: as many and as large parts as ours. */
const UPLOAD = { parallel: 4, partSize: 8 * 1024 * 1024 } as const;
const TERMS = { via: 'auto', compress: 'none', noDisk: 'never', podCpu: false } as const;

export async function byHand(
  lab: Lab,
  setting: Setting,
  subject: Subject,
  meter: CpuMeter,
): Promise<HandMade> {
  const { data, dumpDir } = await lookAt(lab, setting, subject, TERMS);
  const { target, jvm } = data;
  const kubectl = await findKubectl(lab);
  const inPod = posix.join(dumpDir, `by-hand-${data.requestId}.hprof`);
  const here = join(lab.workDir, `by-hand-${data.requestId}.hprof`);
  const key = `by-hand/${data.requestId}.hprof`;
  const inContainer = async (...argv: string[]): Promise<void> => {
    const { exitCode, stderr } = await exec(lab.cluster, target, { argv, signal: lab.signal });
    if (exitCode !== 0) throw new Error(`${argv[0]} ended with ${exitCode}: ${stderr.slice(-500)}`);
  };
  try {
    const readCpu = meter();
    const began = performance.now();
    const jcmd = ['jcmd', String(jvm.pid), 'GC.heap_dump', inPod];
    if (kubectl === undefined) await inContainer(...jcmd);
    else await kubectl.exec(target, jcmd);
    const dumped = performance.now();
    if (kubectl === undefined) await catInto(lab, target, inPod, here);
    else await kubectl.copyOut(target, inPod, here);
    const copied = performance.now();
    const credentials = await credentialsFromConfig(setting.config, 'uploadCredentials', Date.now).get();
    const client = createOssClient(setting.config.store, credentials);
    await client.multipartUpload(key, here, { ...UPLOAD });
    const ended = performance.now();
    const cpu = readCpu();
    await client.delete(key);
    const seconds = (from: number, to: number): number => (to - from) / 1000;
    return {
      seconds: seconds(began, ended),
      dumpSeconds: seconds(began, dumped),
      copySeconds: seconds(dumped, copied),
      uploadSeconds: seconds(copied, ended),
      cpu,
    };
  } finally {
    await rm(here, { force: true });
    // Also when the bench is interrupted: the file is large, and secret.
    await exec(lab.cluster, target, {
      argv: ['rm', '-f', '--', inPod],
      signal: AbortSignal.timeout(60_000),
    });
  }
}

type Target = Parameters<typeof exec>[1];

async function catInto(lab: Lab, target: Target, file: string, to: string): Promise<void> {
  const local = await open(to, 'w');
  try {
    const onStdout = async (chunk: Buffer): Promise<void> => void (await local.write(chunk));
    await exec(lab.cluster, target, { argv: ['cat', file], signal: lab.signal, onStdout });
  } finally {
    await local.close();
  }
}
