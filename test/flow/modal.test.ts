import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoPod } from '../../src/demo/cluster/demo-cluster.ts';
import type { Person } from '../../src/demo/slack/slack-workspace.ts';
import { startWorld, until, type World } from '../world.ts';
import { auditOf, idIn, privately, shown } from './conversation.ts';
import { choose, choosePod, elementOf, formWith, openForm, searched, textOf } from './form.ts';

const POD = 'order-service-7d9f8-x2x4k';

describe('the command alone opens a form', () => {
  let world: World;
  let li: Person;
  let gone: DemoPod;

  beforeAll(async () => {
    world = await startWorld({
      config({ cast, slack }) {
        li = slack.addPerson({ name: 'Li', locale: 'zh-CN' });
        return {
          rules: [
            {
              name: 'shop',
              namespaces: ['prod', 'staging'],
              pods: ['!*-secret-*'],
              request: [`slack:${cast.developer.id}`, `slack:${li.id}`],
              review: { by: [`slack:${cast.reviewer.id}`] },
            },
          ],
        };
      },
    });
    gone = await world.cluster.addPod({ namespace: 'prod', name: 'gone-0', containers: [SLEEPS] });
    await world.cluster.addPod({ namespace: 'payments', name: 'ledger-0', containers: [SLEEPS] });
    await world.cluster.addPod({ namespace: 'staging', name: 'cart-secret-1', containers: [SLEEPS] });
    await world.cluster.addPod({
      namespace: 'staging',
      name: 'cart-0',
      containers: [SLEEPS, { ...SLEEPS, name: 'proxy' }],
    });
  });
  afterAll(() => world?.stop());

  it('at once, within the three seconds that Slack gives', async () => {
    const { developer } = world.cast;
    const delivery = await world.type('');
    const view = await formWith(world, developer, 'Namespace', 'Pod', 'Container', 'Reason');

    expect(delivery.late).toBe(false);
    expect(view.title).toBe('Ask for a heap dump');
    await world.slack.closeView(developer, view);
  });

  it('offers what the person may ask for and nothing else', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer);

    expect(await searched(world, developer, view, 'namespace')).toEqual(['prod', 'staging']);
    expect(await searched(world, developer, view, 'namespace', 'ag')).toEqual(['staging']);
    await choose(world, developer, view, 'namespace', 'staging');
    const withPods = await formWith(world, developer, 'search a pod');
    expect(await searched(world, developer, withPods, 'pod')).toEqual([
      expect.stringMatching(/^cart-0 \(Running, for \d/),
    ]);
    await world.slack.closeView(developer, view);
  });

  it('and once a pod is chosen its containers; a single one is chosen already', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer);

    const one = await choosePod(world, developer, view, { namespace: 'prod', pod: POD });
    expect(textOf((elementOf(one, 'container').initial_option as { text: unknown }).text)).toBe('app');

    await choose(world, developer, one, 'namespace', 'staging');
    const other = await formWith(world, developer, 'search a pod', 'staging');
    await choose(world, developer, other, 'pod', 'cart-0');
    const two = await formWith(world, developer, '"proxy"');
    const { options, initial_option: initial } = elementOf(two, 'container');
    expect((options as { text: unknown }[]).map(({ text }) => textOf(text))).toEqual([
      'The one in which Java runs',
      'app',
      'proxy',
    ]);
    expect(textOf((initial as { text: unknown }).text)).toBe('The one in which Java runs');
    await world.slack.closeView(developer, two);
  });

  it('whose submission is the same request as the typed line, with everything said in the channel', async () => {
    const { developer, channel } = world.cast;
    const view = await openForm(world, developer);
    const filled = await choosePod(world, developer, view, { namespace: 'prod', pod: POD });
    const looking = await privately(
      world,
      developer,
      () => world.slack.submitView(developer, filled, { 'form-reason': 'memory "grows" & grows' }),
      /Looking at/,
    );
    const card = await world.card();
    const request = await world.request();

    expect(world.slack.openViews(developer)).toEqual([]);
    expect(looking.channel).toBe(channel.id);
    expect(card.channel).toBe(channel.id);
    expect(request).toMatchObject({
      id: idIn(looking),
      requester: `slack:${developer.id}`,
      place: channel.id,
      rule: 'shop',
      reason: 'memory "grows" & grows',
      target: { cluster: 'demo', namespace: 'prod', pod: POD, container: 'app' },
    });
    expect(await auditOf(world, request.id)).toEqual([`requested slack:${developer.id}`, 'inspected bot']);
  });

  it('delivered twice it is one request', async () => {
    const submission = world.slack.deliveries.findLast(({ kind }) => kind === 'view_submission');
    if (submission === undefined) throw new Error('nothing was submitted');
    const before = await world.requests.newest(50);

    await world.slack.redeliver(submission);
    await until(
      () => world.logLines.some((line) => line.includes('command was delivered twice')),
      20_000,
      () => 'the second delivery was not noticed',
    );

    expect(await world.requests.newest(50)).toHaveLength(before.length);
  });

  it('and a command that is delivered twice opens one form', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer);
    const command = world.slack.deliveries.findLast(({ kind }) => kind === 'slash_commands');
    if (command === undefined) throw new Error('nothing was typed');

    const told = world.slack.ephemerals(developer).length;
    await world.slack.redeliver(command);
    await until(
      () => world.slack.calls.some(({ error }) => error === 'exchanged_trigger_id'),
      20_000,
      () => 'the form was not opened again',
    );

    expect(world.slack.openViews(developer)).toHaveLength(1);
    expect(world.slack.ephemerals(developer)).toHaveLength(told);
    await world.slack.closeView(developer, view);
  });

  it('a pod that is gone by the time of submitting is named in the channel, as for the typed line', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer);
    const filled = await choosePod(world, developer, view, { namespace: 'prod', pod: 'gone-0' });
    await gone.delete({ graceSeconds: 0 });
    const answer = await privately(
      world,
      developer,
      () => world.slack.submitView(developer, filled, {}),
      /failed/,
    );

    expect(shown(answer)).toContain('There is no such pod');
  });

  it('an outsider gets words instead of a form', async () => {
    const { slack, cast } = world;
    const guest = slack.addPerson({ name: 'Gus (guest)', isRestricted: true });
    const answer = await privately(world, guest, () => world.type('', guest));

    expect(shown(answer)).toContain('Guests, bots and people of other companies');
    expect(answer.channel).toBe(cast.channel.id);
    expect(slack.openViews(guest)).toEqual([]);
  });

  it('and so does somebody whom no rule lets ask', async () => {
    const answer = await privately(world, world.cast.reviewer, () => world.type('', world.cast.reviewer));

    expect(shown(answer)).toContain('No rule lets you ask');
  });

  it('whoever is late gets the help that says what to type', async () => {
    const { developer } = world.cast;
    world.slack.faults.next('views.open', { slackError: 'expired_trigger_id' });
    const answer = await privately(world, developer, () => world.type(''), /ask for a heap dump/);

    expect(shown(answer)).toContain('/heapdump namespace/pod');
    expect(shown(answer)).toContain('choose the pod from lists');
    expect(world.slack.openViews(developer)).toEqual([]);
  });

  it('a mention alone gets the same help', async () => {
    const { developer, channel } = world.cast;
    const answer = await privately(world, developer, () => world.slack.mention(developer, channel, ''));

    expect(shown(answer)).toContain('/heapdump namespace/pod');
  });

  it('in Chinese for whoever uses Slack in Chinese', async () => {
    const view = await openForm(world, li, '命名空间');
    const filled = await choosePod(world, li, view, { namespace: 'prod', pod: POD }, '搜索 Pod');

    expect(view.title).toBe('申请堆转储');
    expect(await searched(world, li, filled, 'pod')).toContainEqual(expect.stringMatching(/运行中，已 \d/));
    const answer = await privately(world, li, () => world.slack.submitView(li, filled, {}));
    expect(shown(answer)).toContain('正在查看');
  });
});

const SLEEPS = { name: 'app', command: ['sleep', '3600'] };
