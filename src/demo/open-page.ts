/** The page of a demo that runs: who is in its channel, what they may do, and what the panel looks at. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { lookBehind } from './behind/look-behind.ts';
import type { ShownPod } from './handful-of-pods.ts';
import { type RunningPage, startPage } from './page/page-server.ts';
import type { Role } from './page/page-state.ts';
import type { Person, UserGroup } from './slack/slack-workspace.ts';
import type { StandIns } from './stand-ins.ts';

export interface PagePeople {
  readonly people: Readonly<Record<Role, Person>>;
  readonly developers: UserGroup;
}

/** One more person than the main job needs, who may do nothing. */
export function invitePeople({ slack, cast }: StandIns): PagePeople {
  const outsider = slack.addPerson({ name: 'Tom (outsider)' });
  const developers = slack.addUserGroup('java-developers', [cast.developer, cast.reviewer]);
  return { people: { developer: cast.developer, reviewer: cast.reviewer, outsider }, developers };
}

/** In the form of heapdump.example.yaml; goes before the demo’s own settings. */
export const pageConfig = (
  { reviewers }: StandIns,
  { developers }: PagePeople,
  language: string,
): Record<string, unknown> => ({
  chat: { slack: { language } },
  // Manifests of this demo's bucket are signed, as they should be everywhere.
  store: { manifestKeys: [randomBytes(32).toString('hex')] },
  rules: [
    {
      name: 'production',
      namespaces: ['prod'],
      request: [`slack:group:${developers.id}`],
      review: { by: [`slack:group:${reviewers.id}`] },
      allow: { podCpu: true, noDisk: 'if-needed' },
    },
    {
      name: 'development',
      namespaces: ['dev'],
      request: [`slack:group:${developers.id}`],
      review: 'none',
      allow: { podCpu: true, noDisk: 'if-needed' },
    },
  ],
});

export interface OpenPageOptions {
  readonly standIns: StandIns;
  readonly cast: PagePeople;
  readonly pods: readonly ShownPod[];
  readonly redis: Redis;
  readonly queueName: string;
  readonly command: string;
  readonly port: number;
}

export async function openPage(options: OpenPageOptions): Promise<RunningPage> {
  const { standIns, cast, pods, redis, queueName, command, port } = options;
  const scenes = lookBehind({ pods, oss: standIns.oss, redis, queueName });
  const page = await startPage({
    slack: standIns.slack,
    channel: standIns.cast.channel,
    people: cast.people,
    groups: [standIns.reviewers.id, cast.developers.id],
    command,
    look: scenes.look,
    port,
  });
  return {
    url: page.url,
    async stop() {
      await page.stop();
      await scenes.stop();
    },
  };
}
