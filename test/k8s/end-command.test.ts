/** The scripts that end a command, run by this machine's sh: what only a session of its own shows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { announcingArgv, endingArgv, readFirstLine, type StartedCommand } from '../../src/k8s/end-command.ts';

const groups: number[] = [];
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Ended already, as it should.
    }
  }
});

/** As runc does: in a session of its own. The command prints its child's pid. */
const start = async (): Promise<{ leader: ChildProcess; command: StartedCommand; childPid: number }> => {
  const [file = '', ...args] = announcingArgv(['sh', '-c', 'sleep 300 & echo $!; wait']);
  const leader = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  if (leader.pid === undefined) throw new Error('sh did not start');
  groups.push(leader.pid);
  const [[stderr], [stdout]] = await Promise.all([once(leader.stderr, 'data'), once(leader.stdout, 'data')]);
  const line = readFirstLine(stderr);
  if (line.kind !== 'started') throw new Error(`No pid line: ${stderr}`);
  return { leader, command: line.command, childPid: Number(String(stdout)) };
};

const end = async (command: StartedCommand): Promise<string> => {
  const [file = '', ...args] = endingArgv(command, 1000);
  const ending = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return (await text(ending.stdout)).trim();
};

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('ending a command', () => {
  it('finds the pid that the command really has', async () => {
    const { leader, command } = await start();
    expect(command.pid).toBe(leader.pid);
    expect(Number(command.startTime)).toBeGreaterThan(0);
  });

  it('ends children that outlived it: the cluster had killed the command alone', async () => {
    const { leader, command, childPid } = await start();
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    expect(isAlive(childPid)).toBe(true);
    expect(await end(command)).toBe('ended');
    while (isAlive(childPid)) await delay(10);
  });

  it('touches nobody if the pid is another process by now, not even that one’s children', async () => {
    const { command, childPid } = await start();
    expect(await end({ ...command, startTime: '1' })).toBe('gone');
    await delay(100);
    expect([isAlive(command.pid), isAlive(childPid)]).toEqual([true, true]);
  });
});

describe('the first line of stderr', () => {
  it.each([
    ['heapdump-bot-pid 12', 'incomplete'],
    ['heapdump-bot-no-command\n', 'no-command'],
    ['heapdump-bot-pid x 3\n', 'foreign'],
    ['Picked up JAVA_TOOL_OPTIONS\n', 'foreign'],
    ['x'.repeat(200), 'foreign'],
  ])('%j is %s', (line, kind) => {
    expect(readFirstLine(Buffer.from(line)).kind).toBe(kind);
  });

  it('is taken off, and nothing else', () => {
    const line = readFirstLine(Buffer.from('heapdump-bot-pid 12 345\nown\n'));
    expect(line).toMatchObject({ kind: 'started', command: { pid: 12, startTime: '345' } });
    expect(line.kind === 'started' && line.rest.toString()).toBe('own\n');
  });
});
