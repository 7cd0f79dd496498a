import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DumpRequest } from '../../src/bot/dump-request.ts';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { HprofWalk } from '../../src/worker/hprof-walk.ts';
import { hasButton, startWorld, type World } from '../world.ts';

describe('a developer asks for a heap dump and a reviewer approves', () => {
  let world: World;
  let card: StoredMessage;
  let result: StoredMessage;
  let request: DumpRequest;

  beforeAll(async () => {
    world = await startWorld();
    ({ card, result, request } = await world.dump(`${world.target} --reason "memory grows"`));
  });
  afterAll(() => world?.stop());

  it('the request ends completed', () => {
    expect(request.state).toBe('completed');
  });

  it('the link in the thread downloads the very file that was dumped, and it is a whole HPROF', async () => {
    const link = result.links.find((url) => url.includes('.hprof'));
    const answer = await fetch(String(link));
    const bytes = Buffer.from(await answer.arrayBuffer());
    const walk = new HprofWalk();
    walk.update(bytes);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toContain(`${request.id}.hprof`);
    expect(walk.end().sizeBytes).toBe(bytes.length);
    expect(request.outcome).toMatchObject({
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('neither Slack nor a client fetches the link for a preview', () => {
    expect(result).toMatchObject({ unfurlLinks: false, unfurlMedia: false });
    expect(world.slack.linkFetches).toEqual([]);
  });

  it('the card has lost its buttons and says who decided', () => {
    const now = world.slack.refresh(card);
    expect(now && hasButton(now, 'Approve')).toBe(false);
    expect(JSON.stringify(now?.blocks)).toContain(world.cast.reviewer.id);
  });

  it('progress was one message in the card’s thread, edited in place', () => {
    const inThread = world.slack
      .messages(world.cast.channel, { threadTs: card.ts })
      .filter(({ ts }) => ts !== card.ts);
    expect(inThread).toHaveLength(2);
    expect(inThread[0]?.edits).toBeGreaterThan(1);
    expect(JSON.stringify(inThread[0]?.blocks)).toContain('Finished in');
  });

  it('the application was paused once', () => {
    expect(world.dumpsTaken()).toBe(1);
  });

  it('the container is left as it was', async () => {
    expect(await world.leftInPod()).toEqual([]);
  });

  it('no part of an upload is left in the bucket', () => {
    expect(world.oss.pendingUploads()).toEqual([]);
    expect(world.oss.objectKeys()).toEqual([
      expect.stringMatching(/^shop\/order-service\/prod\/order-service-.*\.hprof$/),
      expect.stringMatching(/^shop\/order-service\/prod\/order-service-.*\.hprof\.json$/),
    ]);
  });

  it('the audit record says who asked, who approved, and that a link was handed out', async () => {
    const entries = (await world.audit()).map(({ event, by }) => [event, by]);
    expect(entries).toEqual([
      ['requested', `slack:${world.cast.developer.id}`],
      ['inspected', 'bot'],
      ['approved', `slack:${world.cast.reviewer.id}`],
      ['queued', 'bot'],
      ['completed', 'bot'],
      ['link-handed-out', 'bot'],
    ]);
  });

  it('the list shows it to the developer', async () => {
    await world.type('list');
    const list = await world.slack.waitForEphemeral(world.cast.developer, ({ text }) =>
      text.includes('Heap dumps'),
    );
    expect(JSON.stringify(list.blocks)).toContain(request.id);
  });

  it('New link gives another link, to the one who pressed, on record', async () => {
    await world.press('New link', result, world.cast.developer);
    const reply = await world.slack.waitForEphemeral(world.cast.developer, ({ text }) =>
      text.includes('Your link'),
    );
    expect((await fetch(String(reply.links[0]))).status).toBe(200);
    expect((await world.audit()).at(-1)).toMatchObject({
      event: 'link-handed-out',
      by: `slack:${world.cast.developer.id}`,
    });
  });
});
