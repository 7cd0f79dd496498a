/** The page over a world of the tests, whose servers can be slow, or gone. */
import { lookBehind } from '../../src/demo/behind/look-behind.ts';
import { invitePeople, type PagePeople, pageConfig } from '../../src/demo/open-page.ts';
import { type RunningPage, startPage } from '../../src/demo/page/page-server.ts';
import { connectRedis } from '../../src/redis.ts';
import { queueName } from '../../src/worker/dump-job.ts';
import { startWorld, type World } from '../world.ts';

export interface PageWorld {
  readonly world: World;
  /** Also once more, on the same port, after it was stopped. */
  open(port?: number): Promise<RunningPage>;
  stop(): Promise<void>;
}

export async function startPageWorld(options: {
  readonly heapMb: number;
  readonly language?: 'en' | 'zh-CN';
}): Promise<PageWorld> {
  let cast: PagePeople | undefined;
  const world = await startWorld({
    heapMb: options.heapMb,
    config(standIns) {
      cast = invitePeople(standIns);
      // Few bytes at a time, so that the progress of a small dump steps as the store takes it.
      const worker = { partSizeMiB: 1, transferMemoryMiB: 8 };
      return { ...pageConfig(standIns, cast, options.language ?? 'en'), worker };
    },
  });
  const redis = connectRedis(world.redis.url, 'commands');
  const { slack, oss } = world;
  const scenes = lookBehind({ pods: [], oss, redis, queueName: queueName('demo') });
  const pages: RunningPage[] = [];
  return {
    world,
    async open(port = 0) {
      if (cast === undefined) throw new Error('nobody is there');
      const { people, developers } = cast;
      const page = await startPage({
        slack,
        channel: world.cast.channel,
        people,
        groups: [world.reviewers.id, developers.id],
        command: '/heapdump',
        look: scenes.look,
        port,
      });
      pages.push(page);
      return page;
    },
    async stop() {
      for (const page of pages) await page.stop();
      await scenes.stop();
      redis.disconnect();
      await world.stop();
    },
  };
}
