import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { startWorld, type World } from '../world.ts';
import { type Asked, ask, privately, readyOf, shown } from './conversation.ts';

describe('the main job over signed HTTP, with links in private only', () => {
  let world: World;
  let asked: Asked;
  let result: StoredMessage;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      config: () => ({
        chat: { slack: { mode: 'http', http: { host: '127.0.0.1', port: 0 } } },
        download: { link: 'private' },
      }),
    });
    asked = await ask(world);
    await world.press('Approve', asked.card, world.cast.reviewer);
    result = await readyOf(world, asked.id);
  });
  afterAll(() => world?.stop());

  it('ends with a dump, and no socket was opened', () => {
    expect(world.slack.connections()).toBe(0);
    expect(world.dumpsTaken()).toBe(1);
    expect(world.oss.objectKeys().filter((key) => !key.endsWith('.json'))).toHaveLength(1);
    for (const delivery of world.slack.deliveries) expect(delivery).toMatchObject({ late: false });
  });

  it('the thread shows no link, only the button that gives one', async () => {
    const links = world.slack.messages(world.cast.channel).flatMap((message) => message.links);
    expect(links).toEqual([]);
    expect(shown(result)).toContain('Press New link for a link of your own.');
    expect((await world.audit()).some(({ event }) => event === 'link-handed-out')).toBe(false);
  });

  it('the button gives a link that works, privately, on record', async () => {
    const { developer } = world.cast;
    const reply = await privately(world, developer, () => world.press('New link', result, developer));
    expect(reply.ephemeralTo).toBe(developer.id);
    expect(reply).toMatchObject({ unfurlLinks: false, unfurlMedia: false });
    expect((await fetch(String(reply.links[0]))).status).toBe(200);
    expect((await world.audit()).at(-1)).toMatchObject({
      event: 'link-handed-out',
      by: `slack:${developer.id}`,
    });
  });

  it('requests with a bad, an old, a future or no signature are refused, and nothing comes of them', async () => {
    const url = String(world.requestUrl);
    const { slack, cast } = world;
    const made = (await world.requests.newest(500)).length;
    const body = new URLSearchParams({
      command: '/heapdump',
      text: world.target,
      user_id: cast.developer.id,
      channel_id: cast.channel.id,
      team_id: slack.teamId,
      response_url: '',
      trigger_id: '1.2.forged',
    }).toString();
    const now = Math.floor(Date.now() / 1000);
    const sign = (secret: string, time: number) =>
      `v0=${createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex')}`;
    const post = (headers: Record<string, string>) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body,
      });
    const at = (time: number, signature: string) => ({
      'x-slack-request-timestamp': String(time),
      'x-slack-signature': signature,
    });

    for (const headers of [
      {},
      at(now, ''),
      at(now, sign('another secret', now)),
      at(now, sign(slack.signingSecret, now - 1)),
      at(now - 600, sign(slack.signingSecret, now - 600)),
      at(now + 600, sign(slack.signingSecret, now + 600)),
    ]) {
      const answer = await post(headers);
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain('Looking');
    }
    expect((await fetch(url)).status).toBe(404);
    expect(await world.requests.newest(500)).toHaveLength(made);

    // The very same request, rightly signed, is taken: the refusals were for their signatures.
    expect((await post(at(now, sign(slack.signingSecret, now)))).status).toBe(200);
  });
});
