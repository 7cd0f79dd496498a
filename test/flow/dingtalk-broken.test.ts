import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../world.ts';
import {
  about,
  answerTo,
  ask,
  auditOf,
  closed,
  type DingtalkWorld,
  press,
  readyOf,
  shown,
  startDingtalkWorld,
} from './dingtalk-conversation.ts';
import { parts } from './slow-store.ts';

describe('DingTalk’s connection ends in the middle of a dump', () => {
  let world: DingtalkWorld;
  let bot: Awaited<ReturnType<DingtalkWorld['startBot']>>;

  beforeAll(async () => {
    world = await startDingtalkWorld({
      bot: 'none',
      dingtalk: { limits: { disconnectGraceMs: 2000 } },
      config: () => ({ transfer: { via: 'relay', compress: 'none' }, worker: { partSizeMiB: 1 } }),
    });
    bot = await world.startBot();
  });
  afterAll(() => world?.stop());

  async function untilSending(): Promise<void> {
    await until(
      () => world.oss.pendingUploads().length > 0,
      110_000,
      () => 'no upload began',
    );
  }

  /** Starts a dump whose transfer lasts as long as `trouble`. */
  async function whileSending(trouble: () => Promise<void>): Promise<string> {
    const { reviewer } = world.office;
    world.oss.faults.next({ kind: 'slow', bytesPerSecond: 300_000 }, parts, 3);
    const { id, card } = await ask(world);
    await press(world, reviewer, card, '同意');
    await untilSending();
    await trouble();
    await readyOf(world, id);
    await closed(world, id);
    return id;
  }

  it('the socket is cut: another is opened, the card goes on, and the result is said once', async () => {
    const { dingtalk } = world.office;
    const id = await whileSending(async () => {
      dingtalk.refuseSockets(1);
      dingtalk.cutSockets();
      await dingtalk.waitForStreams(0);
      await dingtalk.waitForStreams(1);
      // The new one hears.
      expect(await answerTo(world, '列表')).toContain('堆转储');
    });

    expect(about(world, id)).toHaveLength(2);
    expect(shown(world, about(world, id)[0] ?? fail())).toContain('✅ 清理容器');
    expect(world.dumpsTaken()).toBe(1);
    expect((await auditOf(world, id)).filter((entry) => entry.startsWith('completed'))).toHaveLength(1);
  });

  it('the end is planned: the new socket is open before the old one ends, and what is typed meanwhile is heard', async () => {
    const { dingtalk, developer, group } = world.office;
    const [before] = dingtalk.streams;
    const id = await whileSending(async () => {
      dingtalk.disconnectSockets();
      await dingtalk.waitForStreams(2);
      const typed = developer.type(group, '/heapdump 列表');
      await dingtalk.waitForAck(typed ?? fail());
      await dingtalk.waitForStreams(1);
    });

    expect(dingtalk.streams).not.toContain(before);
    expect(about(world, id)).toHaveLength(2);
    expect(world.dumpsTaken()).toBe(2);
  });

  it('the bot was down when the dump ended: the next one says so, once', async () => {
    world.oss.faults.next({ kind: 'slow', bytesPerSecond: 300_000 }, parts, 3);
    const { id, card } = await ask(world);
    await press(world, world.office.reviewer, card, '同意');
    await untilSending();
    await bot.stop();
    await until(
      async () =>
        world.oss.objectKeys().some((key) => key.includes(id)) && (await world.leftInPod()).length === 0,
      110_000,
      () => 'the dump did not end',
    );
    expect(about(world, id)).toHaveLength(1);
    await world.startBot();
    await readyOf(world, id);
    await closed(world, id);

    expect(about(world, id)).toHaveLength(2);
    expect(shown(world, about(world, id)[0] ?? fail())).toContain('✅ 清理容器');
  });
});

function fail(): never {
  throw new Error('not there');
}
