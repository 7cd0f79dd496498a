/** A /proc made of plain files, for processes that this machine does not have. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface FakeProcess {
  readonly pid: number;
  readonly start?: number;
  readonly comm?: string;
  readonly args?: readonly string[];
  /** Undefined: as of another user's process, nobody may read it. */
  readonly maps?: string | undefined;
  readonly uid?: number;
  /** SigCgt of its status. */
  readonly caught?: string;
  readonly cwd?: string;
  readonly exe?: string;
}

/** As all JDKs showed it. */
export const JVM_CATCHES = '0000000181005ccd';
export const LIBJVM = '7f00-7f01 r-xp 0 08:01 1 /opt/jdk/lib/server/libjvm.so\n';
export const myUid = (): number => process.getuid?.() ?? 0;

/** A JVM of ours in all that the tool looks at, unless told otherwise. */
export function fakeProc(
  processes: readonly FakeProcess[],
  mounts = 'overlay / overlay rw,relatime 0 0\n',
): string {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true, force: true }));
  mkdirSync(join(proc, 'self'));
  writeFileSync(join(proc, 'self/mounts'), mounts);
  symlinkSync('/proc/uptime', join(proc, 'uptime'));
  for (const one of processes) {
    const { pid, start = 1000, comm = 'java', args = ['java', 'Main'], uid = myUid() } = one;
    const folder = join(proc, String(pid));
    mkdirSync(folder);
    const after = `S 1 ${'0 '.repeat(17)}${start} 0 0\n`;
    writeFileSync(join(folder, 'stat'), `${pid} (${comm}) ${after}`);
    writeFileSync(join(folder, 'comm'), `${comm}\n`);
    writeFileSync(join(folder, 'cmdline'), `${args.join('\0')}\0`);
    writeFileSync(
      join(folder, 'status'),
      [
        `Name:\t${comm}`,
        `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
        `Gid:\t${uid}\t${uid}\t${uid}\t${uid}`,
        'Groups:\t ',
        `SigCgt:\t${one.caught ?? JVM_CATCHES}`,
        '',
      ].join('\n'),
    );
    const maps = 'maps' in one ? one.maps : LIBJVM;
    if (maps !== undefined) writeFileSync(join(folder, 'maps'), maps);
    symlinkSync(one.cwd ?? '/', join(folder, 'cwd'));
    mkdirSync(join(folder, 'fd'));
    symlinkSync('/dev/null', join(folder, 'fd/0'));
    if (one.exe !== undefined) symlinkSync(one.exe, join(folder, 'exe'));
  }
  return proc;
}
