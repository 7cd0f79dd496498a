import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../src/demo/slack/slack-workspace.ts';
import { connectRedis } from '../../src/redis.ts';
import { hasButton, startWorld, type World } from '../world.ts';
import {
  answerTo,
  ask,
  auditOf,
  idIn,
  now,
  privately,
  readyOf,
  resultOf,
  shown,
  threadOf,
} from './conversation.ts';

const HOUR_MS = 3_600_000;

describe('who decides on a heap dump', () => {
  let world: World;
  /** Each asks under a rule of their own. */
  let [pat, sol, rex, ops, kai, bob, zoe]: Person[] = [];
  let later = 0;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      now: () => Date.now() + later,
      config({ slack, cast, reviewers }) {
        [pat, sol, rex, ops, kai, bob, zoe] = ['Pat', 'Sol', 'Rex', 'Ops', 'Kai', 'Bob', 'Zoe'].map((name) =>
          slack.addPerson({ name }),
        );
        const pair = slack.addUserGroup('pair', [cast.reviewer, found(bob)]);
        const who = (person: Person | undefined) => `slack:${found(person).id}`;
        const group = ({ id }: { id: string }) => `slack:group:${id}`;
        const rule = (name: string, request: Person | undefined, review: unknown) => ({
          name,
          namespaces: ['prod'],
          pods: ['order-service-*'],
          request: [who(request)],
          review,
        });
        return {
          rules: [
            rule('orders', cast.developer, { by: [group(reviewers)] }),
            rule('pairs', pat, { by: [group(pair)], approvals: 2 }),
            rule('alone', sol, { by: [who(sol)], selfApproval: true }),
            rule('strict', rex, { by: [who(rex), group(reviewers)] }),
            rule('quick', ops, 'none'),
            {
              ...rule('piped', kai, { by: [group(reviewers)] }),
              allow: { podCpu: true, noDisk: 'on-request' },
            },
          ],
        };
      },
    });
  });
  afterAll(() => world?.stop());

  it('a denial carries its reason into the thread, and the application was not touched', async () => {
    const { id, card } = await ask(world, `${world.target} --reason "it grows"`);
    await world.press('Deny', card, world.cast.reviewer);
    const form = await world.slack.waitForView(world.cast.reviewer);
    await world.slack.submitView(world.cast.reviewer, form, { answer: 'peak hours, after 6 pm please' });
    const result = await resultOf(world, id);

    expect(shown(result)).toContain('peak hours, after 6 pm please');
    expect(shown(result)).toContain('The application was not touched.');
    expect(result.threadTs).toBe(card.ts);
    expect(result.pings).toContain(world.cast.developer.id);
    expect(now(world, card)).toMatch(new RegExp(`Denied by @${world.cast.reviewer.id}`));
    expect(hasButton(found(world.slack.refresh(card)), 'Approve')).toBe(false);
    expect(world.dumpsTaken()).toBe(0);
    expect(await auditOf(world, id)).toEqual([
      `requested slack:${world.cast.developer.id}`,
      'inspected bot',
      `denied slack:${world.cast.reviewer.id}`,
    ]);
  });

  it('markup in a reason, of the requester or of the denier, is shown as text and pings nobody', async () => {
    const typed = `<!channel> <!here> <@${found(zoe).id}> *bold* _it_ ~no~ \`code\` @everyone`;
    const { id, card } = await ask(world, `${world.target} --reason "${typed}"`);
    await world.press('Deny', card, world.cast.reviewer);
    const form = await world.slack.waitForView(world.cast.reviewer);
    await world.slack.submitView(world.cast.reviewer, form, { answer: typed });
    const result = await resultOf(world, id);
    const denied = found(world.slack.refresh(card));

    for (const message of [card, denied, result]) {
      expect(shown(message)).toContain('*bold* _it_ ~no~ `code` @everyone');
      for (const ping of ['channel', 'here', 'everyone', found(zoe).id])
        expect(message.pings).not.toContain(ping);
    }
    expect(shown(result)).toContain(typed);
  });

  it('a form that is closed without an answer decides nothing, and an empty one denies without a reason', async () => {
    const { id, card } = await ask(world);
    await world.press('Deny', card, world.cast.reviewer);
    const form = await world.slack.waitForView(world.cast.reviewer);
    await world.slack.closeView(world.cast.reviewer, form);
    expect(await stateOf(id)).toBe('pending');

    await world.press('Deny', card, world.cast.reviewer);
    const again = await world.slack.waitForView(world.cast.reviewer);
    await world.slack.submitView(world.cast.reviewer, again, {});
    await resultOf(world, id);
    expect(await world.requests.get(id)).toMatchObject({
      state: 'denied',
      denial: { by: ref(world.cast.reviewer) },
    });
  });

  it('a click by somebody who may not decide is answered privately, changes nothing and is on record', async () => {
    const { id, card } = await ask(world);
    for (const button of ['Approve', 'Deny']) {
      const answer = await privately(world, found(zoe), () => world.press(button, card, found(zoe)));
      expect(shown(answer)).toContain('You are not a reviewer of this request; nothing was changed.');
    }
    expect(world.slack.openViews(found(zoe))).toEqual([]);
    expect(world.slack.refresh(card)).toEqual(card);
    expect(await stateOf(id)).toBe('pending');
    expect((await auditOf(world, id)).slice(-2)).toEqual([
      `decision-refused ${ref(zoe)}`,
      `decision-refused ${ref(zoe)}`,
    ]);
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
  });

  it('a guest who clicks is told that guests may not, on record', async () => {
    const { id, card } = await ask(world);
    const guest = world.slack.addPerson({ name: 'Gus (guest)', isRestricted: true });
    const answer = await privately(world, guest, () => world.press('Approve', card, guest));

    expect(shown(answer)).toContain('Guests, bots and people of other companies may not use this.');
    expect(await stateOf(id)).toBe('pending');
    expect((await auditOf(world, id)).at(-1)).toBe(`decision-refused ${ref(guest)}`);
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
  });

  it('who asks may not decide alone, also as a reviewer, unless the rule says so', async () => {
    const strict = await ask(world, world.target, found(rex));
    const answer = await privately(world, found(rex), () => world.press('Approve', strict.card, found(rex)));
    expect(shown(answer)).toContain('Your own request needs somebody else’s decision; nothing was changed.');
    expect(await stateOf(strict.id)).toBe('pending');
    await world.press('Cancel', strict.card, found(rex));
    await resultOf(world, strict.id);

    const alone = await ask(world, world.target, found(sol));
    await world.press('Approve', alone.card, found(sol));
    await readyOf(world, alone.id);
    expect(now(world, alone.card)).toContain(`Approved by @${found(sol).id}`);
  });

  it('where two approvals are needed, one person counts once and two start it', async () => {
    const before = world.dumpsTaken();
    const { id, card } = await ask(world, world.target, found(pat));
    expect(shown(card)).toContain('0 of 2 approvals.');

    const first = await privately(world, world.cast.reviewer, () =>
      world.press('Approve', card, world.cast.reviewer),
    );
    expect(shown(first)).toContain('Counted: 1 of 2 approvals.');
    const twice = await privately(world, world.cast.reviewer, () =>
      world.press('Approve', card, world.cast.reviewer),
    );
    expect(shown(twice)).toContain(`You have approved request ${id} already.`);
    expect(await stateOf(id)).toBe('pending');
    expect(now(world, card)).toContain('1 of 2 approvals.');

    await world.press('Approve', card, found(bob));
    await readyOf(world, id);
    expect(world.dumpsTaken()).toBe(before + 1);
    expect((await auditOf(world, id)).filter((entry) => entry.startsWith('approved'))).toEqual([
      `approved ${ref(world.cast.reviewer)}`,
      `approved ${ref(bob)}`,
    ]);
  });

  it('a rule without review starts the dump at once, and the card says so', async () => {
    const { id, card } = await ask(world, world.target, found(ops));
    await readyOf(world, id);
    expect(now(world, card)).toContain('The rules ask for no review here.');
    expect(hasButton(card, 'Approve')).toBe(false);
    expect((await auditOf(world, id)).some((entry) => entry.startsWith('approved'))).toBe(false);
  });

  it('a double click and a click delivered twice approve once', async () => {
    const before = world.dumpsTaken();
    const { id, card } = await ask(world);
    const [click] = await Promise.all([
      world.press('Approve', card, world.cast.reviewer),
      world.press('Approve', card, world.cast.reviewer),
    ]);
    await world.slack.redeliver(click);
    await readyOf(world, id);
    await world.slack.redeliver(click);

    expect(world.dumpsTaken()).toBe(before + 1);
    expect(threadOf(world, card)).toHaveLength(2);
    expect((await auditOf(world, id)).filter((entry) => entry.startsWith('approved'))).toHaveLength(1);
  });

  it('a click on an old screen of a request that ended is answered, and changes nothing', async () => {
    const { id, card } = await ask(world);
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
    const audit = await auditOf(world, id);

    for (const [label, text] of [
      ['Approve', `Request ${id} is not waiting for a decision any more: it is cancelled.`],
      ['Deny', `Request ${id} is not waiting for a decision any more: it is cancelled.`],
      ['Cancel', `Request ${id} cannot be cancelled: it is cancelled.`],
    ]) {
      const answer = await privately(world, world.cast.reviewer, () =>
        world.slack.click(world.cast.reviewer, card, (button) => button.text === label),
      );
      expect(shown(answer)).toContain(text);
    }
    expect(world.slack.openViews(world.cast.reviewer)).toEqual([]);
    expect(await auditOf(world, id)).toEqual(audit);
  });

  it('a button of a request that nobody knows is answered, and makes nothing', async () => {
    const { id, card } = await ask(world);
    const requests = (await world.requests.newest(500)).length;
    const forged = JSON.parse(JSON.stringify(card).replaceAll(`"value":"${id}"`, '"value":"zzzzzzzz"'));
    const answer = await privately(world, world.cast.reviewer, () =>
      world.slack.click(world.cast.reviewer, forged, ({ text, value }) => text === 'Approve' && value !== id),
    );
    expect(shown(answer)).toContain('There is no request zzzzzzzz, or it is not yours to see.');
    expect(await stateOf(id)).toBe('pending');
    expect(await world.requests.newest(500)).toHaveLength(requests);
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
  });

  it('where no rule covers the pod nobody may dump it, and the answer says so', async () => {
    const execs = world.cluster.execs.length;
    const answer = await answerTo(world, 'kube-system/etcd-0');
    expect(answer).toContain('No rule covers demo/kube-system/etcd-0, so nobody may dump it.');
    expect(answer).toContain('Whoever runs this bot can add a rule for it.');
    expect((await world.audit()).at(-1)).toMatchObject({
      event: 'refused-by-policy',
      by: ref(world.cast.developer),
      target: 'demo/kube-system/etcd-0',
    });
    expect(world.cluster.execs).toHaveLength(execs);
  });

  it.each(['--no-disk', '--compress pod'])(
    'what the rule does not allow is refused privately, with the rule and whom to ask: %s',
    async (wish) => {
      const [execs, before] = [world.cluster.execs.length, (await world.requests.newest(500)).length];
      const answer = await answerTo(world, `${world.target} ${wish}`);

      expect(answer).toContain(`The rule "orders" does not allow ${wish}.`);
      expect(answer).toContain('Whoever runs this bot can change the rule.');
      const last = (await world.audit()).at(-1);
      expect(last).toMatchObject({ event: 'refused-by-policy', by: ref(world.cast.developer) });
      expect(factsOf(last)).toMatchObject({ why: 'not-allowed', rule: 'orders', wish });
      expect(await world.requests.newest(500)).toHaveLength(before);
      expect(world.cluster.execs).toHaveLength(execs);
    },
  );

  it.each([
    ['--no-disk', 'always', true],
    ['--compress pod', 'never', false],
  ] as const)(
    'the look and the job are given what was asked for and allowed: %s',
    async (wish, noDisk, piped) => {
      const { id, card } = await ask(world, `${world.target} ${wish}`, found(kai));
      expect(shown(card).includes('No disk is used: the application stands still')).toBe(piped);
      await world.press('Approve', card, world.cast.reviewer);
      await resultOf(world, id);

      expect(await jobData('heapdump-looks-demo', `${id}-look1`)).toMatchObject({ noDisk });
      const compress = piped ? 'auto' : 'pod';
      expect(await jobData('heapdump-dumps-demo', `${id}-run1`)).toMatchObject({
        transfer: { via: 'auto', compress, noDisk, podCpu: true },
      });
    },
  );

  it('the way out that was asked for is on the card and on record', async () => {
    const { id, card } = await ask(world, `${world.target} --via relay --compress none`);

    expect(shown(card)).toContain('through the worker, not compressed');
    expect(await world.requests.get(id)).toMatchObject({
      transfer: { via: 'relay', compress: 'none', noDisk: 'never', podCpu: false },
    });
    const requested = (await world.audit()).find(
      (entry) => entry.requestId === id && entry.event === 'requested',
    );
    expect(factsOf(requested)).toMatchObject({
      askedVia: 'relay',
      askedCompress: 'none',
      askedNoDisk: 'never',
    });
    await world.press('Cancel', card, world.cast.developer);
    await resultOf(world, id);
  });

  it('who is not listed is told which rules cover the pod, and whom to ask', async () => {
    const before = (await world.requests.newest(500)).length;
    const answer = await privately(world, found(zoe), () => world.type(world.target, found(zoe)));
    expect(shown(answer)).toContain(
      `orders, pairs, alone, strict, quick, piped covers demo/${world.target}, but you are not on its list`,
    );
    expect(shown(answer)).toContain(`@${world.cast.developer.id}`);
    expect(await world.requests.newest(500)).toHaveLength(before);
  });

  it('guests, people of other companies and bots may not ask', async () => {
    const before = (await world.requests.newest(500)).length;
    for (const person of [
      world.slack.addPerson({ name: 'Gil (guest of one channel)', isUltraRestricted: true }),
      world.slack.addPerson({ name: 'Sam (another company)', isStranger: true }),
    ]) {
      const answer = await answerTo(world, world.target, person);
      expect(answer).toContain('Guests, bots and people of other companies may not use this.');
      expect((await world.audit()).at(-1)).toMatchObject({ event: 'refused-by-policy', by: ref(person) });
    }
    const bot = world.slack.addPerson({ name: 'alertbot', isBot: true });
    await world.slack.mention(bot, world.cast.channel, world.target);
    // A command that comes later is answered: the bot has dealt with what came before.
    await answerTo(world, 'list');
    expect(await world.requests.newest(500)).toHaveLength(before);
    expect(world.slack.ephemerals(bot)).toEqual([]);
  });

  it('a request that nobody decides on expires, loses its buttons, and says so once', async () => {
    const before = world.dumpsTaken();
    const { id, card } = await ask(world);
    later += HOUR_MS;
    const result = await resultOf(world, id);

    expect(result.text).toContain('nobody decided in time');
    expect(shown(result)).toContain('The application was not touched.');
    const expired = found(world.slack.refresh(card));
    expect(hasButton(expired, 'Approve')).toBe(false);
    expect(shown(expired)).toContain('Nobody decided in time.');
    const late = await privately(world, world.cast.reviewer, () =>
      world.slack.click(world.cast.reviewer, card, ({ text }) => text === 'Approve'),
    );
    expect(shown(late)).toContain('it is expired');
    expect(threadOf(world, card)).toHaveLength(1);
    expect(world.dumpsTaken()).toBe(before);
    expect((await auditOf(world, id)).at(-1)).toBe('expired bot');
  });

  it('Retry after a refused look looks again, once, and answers where it was pressed', async () => {
    const developer = world.cast.developer;
    const gone = world.target.replace(/x2x4k$/, 'gone1');
    const refused = await privately(
      world,
      developer,
      () => world.type(`${gone} --via relay`),
      /There is no such pod/,
    );
    const press = () => world.press('Retry', refused, developer);
    const again = await privately(world, developer, press, /There is no such pod/);
    const second = await privately(world, developer, press);

    const [newest] = await world.requests.newest(1);
    expect(newest).toMatchObject({
      repeats: idIn(refused),
      state: 'failed',
      transfer: { via: 'relay', compress: 'auto' },
    });
    expect(idIn(again)).toBe(newest?.id);
    expect(shown(second)).toContain(`It was asked for again already: request ${newest?.id}.`);
    expect(await world.requests.newest(1)).toMatchObject([{ id: newest?.id }]);
  });

  /** What the worker was given, as it stands in Redis. */
  async function jobData(queue: string, jobId: string): Promise<unknown> {
    const redis = connectRedis(world.config.redis.url, 'commands');
    try {
      return JSON.parse((await redis.hget(`bull:${queue}:${jobId}`, 'data')) ?? 'null');
    } finally {
      redis.disconnect();
    }
  }

  async function stateOf(id: string) {
    return (await world.requests.get(id))?.state;
  }
});

const factsOf = (entry: Record<string, string> | undefined): unknown => JSON.parse(entry?.facts ?? 'null');

const ref = (person: Person | undefined): string => `slack:${found(person).id}`;

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
