import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { propose } from '../../src/bot/dump-request.ts';
import { objectsIn } from '../../src/demo/slack/block.ts';
import type { OpenView, Person } from '../../src/demo/slack/slack-workspace.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { startWorld, until, type World } from '../world.ts';
import { ask, auditOf, readyOf } from './conversation.ts';

/** What the person reads on it, one text a line. */
const read = ({ blocks }: OpenView): string =>
  [...objectsIn(blocks)]
    .flatMap((part) => [part.text, part.user_id])
    .filter((text) => typeof text === 'string')
    .join('\n');

async function openHome(world: World, person: Person): Promise<OpenView> {
  const before = world.slack.openViews(person).find(({ kind }) => kind === 'home')?.hash;
  await world.slack.openHome(person);
  return world.slack.waitForView(person, ({ kind, hash }) => kind === 'home' && hash !== before);
}

const homeWith = (
  world: World,
  person: Person,
  text: RegExp | ((read: string) => boolean),
): Promise<OpenView> =>
  world.slack.waitForView(
    person,
    (view) => view.kind === 'home' && (text instanceof RegExp ? text.test(read(view)) : text(read(view))),
    60_000,
  );

const windowOf = (world: World, person: Person): Promise<OpenView> =>
  world.slack.waitForView(person, ({ kind }) => kind === 'modal');

describe('a person’s home page in Slack', () => {
  let world: World;
  let guest: Person;
  let dan: Person;
  let lin: Person;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      config({ slack, cast, reviewers }) {
        guest = slack.addPerson({ name: 'Gus (guest)', isRestricted: true });
        dan = slack.addPerson({ name: 'Dan (of another team)' });
        lin = slack.addPerson({ name: 'Lin (reviewer)', locale: 'zh-CN' });
        return {
          rules: [
            {
              name: 'orders',
              namespaces: ['prod'],
              request: [`slack:${cast.developer.id}`],
              review: { by: [`slack:group:${reviewers.id}`, `slack:${lin.id}`] },
              download: ['requester', `slack:${cast.reviewer.id}`],
            },
          ],
        };
      },
    });
  });
  afterAll(() => world?.stop());

  it('is empty at first, and says how to begin', async () => {
    const page = await openHome(world, world.cast.developer);

    expect(read(page)).toContain('Nothing here yet. Type /heapdump in a channel');
  });

  describe('while a request waits', () => {
    let id: string;
    beforeAll(async () => {
      ({ id } = await ask(world, `${world.target} --reason "memory grows"`));
    });

    it('shows reviewers the card itself, with what the dump will cost, and Approve and Deny', async () => {
      const page = await openHome(world, world.cast.reviewer);

      expect(read(page)).toContain('Waiting for your review');
      expect(read(page)).toContain('memory grows');
      expect(read(page)).toContain('Pause');
      expect(read(page)).toContain(world.cast.developer.id);
      expect(read(page)).toMatch(/^Approve$/m);
      expect(read(page)).toMatch(/^Deny$/m);
    });

    it('shows whoever asked that it waits, and no button to decide', async () => {
      const page = await openHome(world, world.cast.developer);

      expect(read(page)).toContain('waiting for review');
      expect(read(page)).not.toMatch(/^Approve$/m);
    });

    it('shows nothing of it to guests and to people of other teams', async () => {
      expect(read(await openHome(world, guest))).toContain('Guests, bots and people of other companies');
      const theirs = read(await openHome(world, dan));

      expect(theirs).toContain('Nothing here yet.');
      for (const page of [read(await openHome(world, guest)), theirs]) {
        expect(page).not.toContain(id);
        expect(page).not.toContain('order-service');
      }
    });

    it('is Chinese to whoever reads Chinese', async () => {
      const page = await openHome(world, lin);

      expect(read(page)).toContain('等待您审批');
      expect(read(page)).toMatch(/^同意$/m);
      expect(read(page)).not.toMatch(/Waiting|Approve|asked by/);
    });

    it('takes an approval, which counts as the person who clicked, and shows by itself how it goes on', async () => {
      const { reviewer, developer } = world.cast;
      const page = await openHome(world, reviewer);
      await world.slack.clickInView(reviewer, page, 'approve');
      await readyOf(world, id);

      expect((await auditOf(world, id)).slice(0, 3)).toEqual([
        `requested slack:${developer.id}`,
        'inspected bot',
        `approved slack:${reviewer.id}`,
      ]);
      for (const person of [reviewer, developer]) {
        const renewed = await homeWith(world, person, /completed/);
        expect(read(renewed)).toContain(reviewer.id);
        expect(read(renewed)).toMatch(/approved by/);
        expect(read(renewed)).toMatch(/\d MB/);
        expect(read(renewed)).not.toContain('Waiting for your review');
      }
    });

    it('gives a link, in a window over the page, to whom the rule gives it', async () => {
      const { developer } = world.cast;
      const page = await homeWith(world, developer, /completed/);
      await world.slack.clickInView(developer, page, 'new-link');
      const window = await windowOf(world, developer);

      const [link] = [...objectsIn(window.blocks)].flatMap(({ url }) =>
        typeof url === 'string' ? [url] : [],
      );
      expect((await fetch(String(link))).status).toBe(200);
      expect((await auditOf(world, id)).at(-1)).toBe(`link-handed-out slack:${developer.id}`);
      expect(read(await homeWith(world, lin, /已完成/))).not.toMatch(/^新链接$/m);
      await world.slack.closeView(developer, window);
    });

    it('says where a dump has gone, once somebody asked for its link', async () => {
      const { developer } = world.cast;
      const [key = ''] = world.oss.objectKeys().filter((each) => each.endsWith('.hprof'));
      const page = await openHome(world, developer);
      await removeObject(world, key);
      await world.slack.clickInView(developer, page, 'new-link');

      expect(read(await windowOf(world, developer))).toContain('This dump is not in the bucket any more');
      const renewed = await homeWith(world, developer, /not in the bucket any more/);
      expect(read(renewed)).not.toMatch(/^New link$/m);
      expect((await auditOf(world, id)).at(-1)).toBe(`link-refused slack:${developer.id}`);
    });
  });

  it('asks for a reason where a reviewer denies, and tells it in the thread', async () => {
    const { reviewer } = world.cast;
    const { id, card } = await ask(world);
    const page = await homeWith(world, reviewer, /Waiting for your review/);
    await world.slack.clickInView(reviewer, page, 'deny');
    const form = await world.slack.waitForView(reviewer, ({ title }) => title === 'Deny this heap dump');
    await world.slack.submitView(reviewer, form, { text: 'not at noon' });

    const denied = await world.waitForRequest(({ state }) => state === 'denied');
    expect(denied).toMatchObject({ id, denial: { by: `slack:${reviewer.id}`, reason: 'not at noon' } });
    await homeWith(world, reviewer, (page) => !page.includes('Waiting for your review'));
    expect(world.slack.refresh(card)).toBeDefined();
  });

  it('that cannot be published is logged, and stops nothing', async () => {
    world.slack.faults.next('views.publish', { slackError: 'not_enabled' });
    await world.slack.openHome(world.cast.developer);
    await until(
      () => world.logLines.some((line) => line.includes('home page could not be ')),
      20_000,
      () => 'nothing was logged',
    );

    const { id, card } = await ask(world);
    await world.press('Cancel', card, world.cast.developer);
    expect(await world.waitForRequest(({ state }) => state === 'cancelled')).toMatchObject({ id });
  });

  it('goes back in time page by page, each within what Slack takes', async () => {
    const { developer } = world.cast;
    for (let at = 0; at < 30; at += 1) await world.requests.restore(old(world, at), oldEntry(at));
    const first = await openHome(world, developer);
    expect(first.blocks.length).toBeLessThanOrEqual(100);

    const pages = [first];
    for (let page = first; read(page).match(/^Older$/m) !== null; ) {
      await world.slack.clickInView(developer, page, 'home-older');
      const before = page.hash;
      page = await world.slack.waitForView(developer, ({ kind, hash }) => kind === 'home' && hash !== before);
      pages.push(page);
    }

    const ids = pages.flatMap((page) => read(page).match(/old\d{5}/g) ?? []);
    expect(ids).toEqual(Array.from({ length: 30 }, (_, at) => `old${String(29 - at).padStart(5, '0')}`));
    await world.slack.clickInView(developer, pages.at(-1) ?? first, 'home-newest');
    expect(read(await homeWith(world, developer, /Newest dumps/))).not.toContain('Back to the newest');
  });
});

/** As a lifecycle rule does it. */
async function removeObject(world: World, key: string): Promise<void> {
  await ossFromConfig(world.config, Date.now).remove(key, new AbortController().signal);
}

/** Of years ago, so that what happens now stays on top. */
const old = (world: World, at: number) => ({
  ...propose(
    {
      id: `old${String(at).padStart(5, '0')}`,
      requester: `slack:${world.cast.developer.id}`,
      place: '',
      target: { cluster: 'demo', namespace: 'prod', pod: `pod-${at}` },
      reason: undefined,
      rule: 'orders',
      approvalsNeeded: 1,
      expireAfterMs: 1,
      transfer: { via: 'auto', compress: 'auto', noDisk: 'never', podCpu: false },
    },
    1_600_000_000_000 + at * 60_000,
  ),
  state: 'expired' as const,
  closed: true,
});

const oldEntry = (at: number) => ({
  at,
  event: 'restored' as const,
  requestId: '-',
  by: 'bot' as const,
  target: '-',
  facts: {},
});
