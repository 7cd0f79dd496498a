import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Serially } from '../../src/bot/serially.ts';

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('work on one request', () => {
  it('is done one after the other, in the order in which it came', async () => {
    const serially = new Serially();
    const said: string[] = [];
    const work = (name: string) => async () => {
      said.push(`${name} begins`);
      await nextTurn();
      said.push(`${name} ends`);
    };

    await Promise.all(['a', 'b', 'c'].map((name) => serially.run('request', work(name))));

    expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('does not wait for work on another request', async () => {
    const serially = new Serially();
    const { opened, open } = gate();
    const stuck = serially.run('one', () => opened);

    expect(await serially.run('two', async () => 'two is done')).toBe('two is done');
    open();
    await stuck;
  });

  it('goes on after a failure, which only its own caller sees', async () => {
    const serially = new Serially();
    const broken = serially.run('request', async () => {
      throw new Error('broke');
    });
    const after = serially.run('request', async () => 'fine');

    await expect(broken).rejects.toThrow('broke');
    expect(await after).toBe('fine');
  });
});

describe('waiting for all work to end', () => {
  it('is over at once where there is none', async () => {
    await new Serially().idle();
  });

  it('includes the work that came while it waited, and what failed', async () => {
    const serially = new Serially();
    const { opened, open } = gate();
    const said: string[] = [];
    const broken = serially.run('one', async () => {
      await opened;
      void serially.run('two', async () => {
        await nextTurn();
        said.push('late work');
      });
      throw new Error('broke');
    });
    broken.catch(() => undefined);
    const idle = serially.idle().then(() => said.push('idle'));
    open();
    await idle;

    expect(said).toEqual(['late work', 'idle']);
  });
});
