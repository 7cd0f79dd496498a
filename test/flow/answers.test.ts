import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../src/demo/slack/slack-workspace.ts';
import { startWorld, type World } from '../world.ts';
import { answerTo, ask, idIn, privately, readyOf, resultOf, shown } from './conversation.ts';

describe('what people type is answered', () => {
  let world: World;
  let dan: Person;
  let zoe: Person;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      config({ slack, cast, reviewers }) {
        dan = slack.addPerson({ name: 'Dan (developer)' });
        zoe = slack.addPerson({ name: 'Zoe (of another team)' });
        const rule = (name: string, namespace: string, person: Person) => ({
          name,
          namespaces: [namespace],
          request: [`slack:${person.id}`],
          review: { by: [`slack:group:${reviewers.id}`] },
        });
        return {
          rules: [rule('orders', 'prod', cast.developer), rule('pay', 'pay', dan), rule('any', 'dev', zoe)],
        };
      },
    });
  });
  afterAll(() => world?.stop());

  describe('bad input gets a clear answer, makes no request and runs nothing', () => {
    const LINE = 'Try: `/heapdump prod/order-service-7d9f8-x2x4k`';

    it.each([
      ['prod/Order_Service', 'cannot be the name of a pod'],
      ['prod/order-service-', 'cannot be the name of a pod'],
      [`prod/${'a'.repeat(254)}`, 'cannot be the name of a pod'],
      ['PROD/api', 'cannot be the name of a namespace'],
      ['prod.x/api', 'cannot be the name of a namespace'],
      ['Demo!/prod/api', 'cannot be the name of a cluster'],
      ['prod/api -c App', 'cannot be the name of a container'],
      ['prod/api;reboot', 'cannot be the name of a pod'],
      ['prod/api$(id)', 'cannot be the name of a pod'],
      ['prod/api`id`', 'cannot be the name of a pod'],
      ['prod/api|cat', 'cannot be the name of a pod'],
      ['prod/api&&id', 'cannot be the name of a pod'],
      ['prod/api -c $(id)', 'cannot be the name of a container'],
      ['prod/api -c app\u0000', 'cannot be the name of a container'],
      ['prod/../../etc/passwd', 'is not namespace/pod'],
      ['../kube-system/etcd', 'cannot be the name of a cluster'],
      ['prod/..', 'cannot be the name of a pod'],
      ['prod/api rm -rf /', 'I do not know what to do with "rm"'],
      ['prod/api --force', 'There is no option "--force"'],
      ['prod/api -c', '"-c" needs a value behind it'],
      ['prod/api --reason "no end', 'A quotation mark is not closed'],
      ['prod', 'is not namespace/pod'],
      ['-c app', 'Which pod?'],
      [`prod/api --reason "${'x'.repeat(3000)}"`, 'The reason has 3000 characters; 1000 are the most.'],
      ['prod/<!channel>', 'cannot be the name of a pod'],
      ['constructor', 'is not namespace/pod'],
    ])('%j', async (text, answer) => {
      const [execs, requests] = [world.cluster.execs.length, world.cluster.requests.length];
      const made = (await world.requests.newest(500)).length;
      const reply = await privately(world, world.cast.developer, () => world.type(text));

      expect(shown(reply)).toContain(answer);
      expect(shown(reply)).toContain(LINE);
      expect(reply.pings).toEqual([]);
      expect(await world.requests.newest(500)).toHaveLength(made);
      expect(world.cluster.execs).toHaveLength(execs);
      expect(world.cluster.requests).toHaveLength(requests);
    });

    it('the line that it shows works', async () => {
      const reply = await answerTo(world, 'prod/Order_Service');
      const [, line] = /Try: `\/heapdump ([^`]+)`/.exec(reply) ?? [];
      const { id, card } = await ask(world, String(line));
      await world.press('Cancel', card, world.cast.developer);
      await resultOf(world, id);
    });

    it.each([
      ['status', 'status needs the id of a request', '/heapdump list'],
      ['cancel', 'cancel needs the id of a request', '/heapdump list'],
      ['status ../../x', 'is not the id of a request', '/heapdump list'],
      ['cancel abcdefgh now', 'I do not know what to do with "now"', '/heapdump list'],
      ['list PROD', 'cannot be the name of a namespace', '/heapdump list prod'],
      ['list a b', 'I do not know what to do with "b"', '/heapdump list prod'],
      [
        'prod/api --via pigeon',
        '"pigeon" is no way out of the pod',
        '/heapdump prod/order-service-7d9f8-x2x4k --via relay',
      ],
      [
        'prod/api --compress=zip',
        'it is auto, worker, pod or none',
        '/heapdump prod/order-service-7d9f8-x2x4k --compress worker',
      ],
      [
        'prod/api --no-disk=yes',
        'this option takes no value',
        '/heapdump prod/order-service-7d9f8-x2x4k --no-disk',
      ],
      [
        'prod/api --no-disk --via direct',
        '--no-disk leaves no room for --via direct',
        '/heapdump prod/order-service-7d9f8-x2x4k --no-disk',
      ],
    ])('%s', async (text, answer, line) => {
      const reply = await answerTo(world, text);
      expect(reply).toContain(answer);
      expect(reply).toContain(`Try: \`${line}\``);
    });

    it('a cluster that does not exist is answered with those that do', async () => {
      const execs = world.cluster.execs.length;
      const reply = await answerTo(world, 'mars/prod/order-service-7d9f8-x2x4k');
      expect(reply).toContain('There is no cluster "mars". There are: demo.');
      expect(world.cluster.execs).toHaveLength(execs);
    });

    it.each([
      ['prod/order-service-7d9f8-gone0', 'There is no such pod.', 'after a rollout pods have new names'],
      [
        'prod/order-service-7d9f8-x2x4k -c sidecar',
        'The pod has no such container',
        '"sidecar" is none of: app',
      ],
    ])('%s is looked for, and nothing is run', async (text, what, remedy) => {
      const execs = world.cluster.execs.length;
      const reply = await privately(world, world.cast.developer, () => world.type(text), /failed/);
      expect(shown(reply)).toContain(what);
      expect(shown(reply)).toContain(remedy);
      expect(shown(reply)).toContain('The application was not touched.');
      expect(world.cluster.execs).toHaveLength(execs);
      expect(await world.requests.get(idIn(reply))).toMatchObject({ state: 'failed', approvals: [] });
    });

    it('a namespace in which the worker has no rights, and one that does not exist', async () => {
      const forbidden = await privately(world, zoe, () => world.type('dev/api-0', zoe), /failed/);
      expect(shown(forbidden)).toContain('The cluster does not let the worker do this.');

      world.cluster.setUser('worker', [
        { namespaces: ['*'], verbs: ['get', 'create'], resources: ['pods', 'pods/exec'] },
      ]);
      const missing = await privately(world, zoe, () => world.type('dev/api-0', zoe), /failed/);
      expect(shown(missing)).toContain('There is no such pod.');
    });

    it('a pod that has ended is not run in', async () => {
      const pod = await world.cluster.addPod({
        namespace: 'prod',
        name: 'migration-1',
        restartPolicy: 'Never',
        containers: [{ name: 'job', command: ['sleep', '3600'] }],
      });
      await pod.complete();
      const execs = world.cluster.execs.length;
      const reply = await privately(
        world,
        world.cast.developer,
        () => world.type('prod/migration-1'),
        /failed/,
      );
      expect(shown(reply)).toContain('The pod is not running.');
      expect(shown(reply)).toContain('Succeeded');
      expect(world.cluster.execs).toHaveLength(execs);
    });

    it('a container without a JVM is named, after a look that writes nothing', async () => {
      const pod = await world.cluster.addPod({
        namespace: 'prod',
        name: 'nginx-0',
        containers: [{ name: 'web', command: ['sleep', '3600'] }],
      });
      const reply = await privately(world, world.cast.developer, () => world.type('prod/nginx-0'), /failed/);
      expect(shown(reply)).toContain('No Java process was found in the container.');
      expect(shown(reply)).toContain('Name the container that runs Java with -c.');
      expect(await world.leftInPod(pod, 'web')).toEqual([]);
      await pod.delete({ graceSeconds: 0 });
    });
  });

  describe('help, status and list', () => {
    it('help shows each line, however it is written', async () => {
      for (const text of ['help', '  HELP ', '帮助']) {
        const reply = await answerTo(world, text, zoe);
        for (const line of [
          'namespace/pod',
          'namespace/pod --via relay',
          'namespace/pod --compress none',
          'namespace/pod --no-disk',
          'list [namespace]',
          'status id',
          'cancel id',
        ])
          expect(reply).toContain(`/heapdump ${line}`);
      }
    });

    it('status says where a request stands, to those who have a part in it', async () => {
      const { id, card } = await ask(world, `${world.target} --reason "for status"`);
      const pending = await answerTo(world, `status ${id}`);
      expect(pending).toContain(`Request ${id}`);
      expect(pending).toContain(`demo/${world.target}`);
      expect(pending).toContain('waiting for review');
      expect(await answerTo(world, `status ${id}`, world.cast.reviewer)).toContain('waiting for review');
      expect(await answerTo(world, `status ${id}`, zoe)).toContain(
        `There is no request ${id}, or it is not yours to see.`,
      );
      expect(await answerTo(world, 'status zzzzzzzz')).toContain('There is no request zzzzzzzz');

      await world.press('Approve', card, world.cast.reviewer);
      await readyOf(world, id);
      const done = await answerTo(world, `status ${id}`);
      expect(done).toContain('completed');
      expect(done).toMatch(/\d MB/);
    });

    it('list shows dumps to those who may see them, newest first, of one namespace if asked', async () => {
      const other = await privately(world, dan, () => world.type('pay/ledger-0', dan), /failed/);
      const payId = idIn(other);
      const mine = (await world.requests.newest(500)).find(({ state }) => state === 'completed')?.id;

      const all = await answerTo(world, 'list', world.cast.reviewer);
      expect(all).toContain(String(mine));
      expect(all).toContain(payId);
      expect(all.indexOf(payId)).toBeLessThan(all.indexOf(String(mine)));
      const pay = await answerTo(world, 'list pay', world.cast.reviewer);
      expect(pay).toContain(payId);
      expect(pay).not.toContain(String(mine));
      expect(await answerTo(world, 'list')).not.toContain(payId);
      expect(await answerTo(world, 'list', dan)).not.toContain(String(mine));
      expect(await answerTo(world, 'list prod', dan)).toContain('No heap dumps yet.');
    });

    it('a link goes to nobody who may not download, whatever they press, on record', async () => {
      const done = (await world.requests.newest(500)).find(({ state }) => state === 'completed');
      const card = world.slack
        .messages(world.cast.channel)
        .find((message) => shown(message).includes('is ready') && shown(message).includes(String(done?.id)));
      if (card === undefined) throw new Error('no result');
      const reply = await privately(world, dan, () => world.press('New link', card, dan));
      expect(shown(reply)).toContain('You may not download this dump.');
      expect(reply.links).toEqual([]);
      expect((await world.audit()).at(-1)).toMatchObject({ event: 'link-refused', by: `slack:${dan.id}` });
    });

    it('a link that was changed, or of which a part is missing, opens nothing', async () => {
      const listed = await privately(world, world.cast.developer, () => world.type('list'));
      const reply = await privately(
        world,
        world.cast.developer,
        () => world.slack.click(world.cast.developer, listed, ({ text }) => text.startsWith('New link')),
        /Your link/,
      );
      const link = new URL(String(reply.links[0]));
      expect((await fetch(link)).status).toBe(200);

      const signature = link.searchParams.get('x-oss-signature') ?? '';
      const changed = [
        change(link, (url) => url.searchParams.set('x-oss-expires', '604800')),
        change(link, (url) => url.searchParams.set('x-oss-signature', signature.replace(/^./, flip))),
        change(link, (url) => url.searchParams.delete('x-oss-signature')),
        change(link, (url) => url.searchParams.set('response-content-disposition', 'inline')),
        change(link, (url) => {
          url.pathname = url.pathname.replace(/\.hprof$/, '2.hprof');
        }),
        change(link, (url) => {
          url.search = '';
        }),
      ];
      for (const url of changed) {
        const answer = await fetch(url);
        expect([url.search.length, answer.status]).toEqual([url.search.length, 403]);
        expect(await answer.text()).not.toContain('JAVA PROFILE');
      }
    });
  });

  describe('a mention does what the command does', () => {
    it('in a channel', async () => {
      const { developer, channel } = world.cast;
      const looking = await privately(
        world,
        developer,
        () => world.slack.mention(developer, channel, `${world.target} --reason "it’s slow"`),
        /Looking at/,
      );
      const id = idIn(looking);
      const card = await world.slack.waitForMessage(
        (message) => message.fromBot && shown(message).includes(`Request ${id}`),
      );
      expect(card.threadTs).toBeUndefined();
      expect(shown(card)).toContain('slow');
      await world.press('Cancel', card, developer);
      await resultOf(world, id);
    });

    it('in a thread: everything about the request stays in that thread', async () => {
      const { developer, channel, reviewer } = world.cast;
      const incident = world.slack.say(zoe, channel, 'order service is slow since 14:00');
      const before = new Set(world.slack.messages(channel).map(({ ts }) => ts));
      const looking = await privately(
        world,
        developer,
        () => world.slack.mention(developer, channel, world.target, { threadTs: incident.ts }),
        /Looking at/,
      );
      const id = idIn(looking);
      expect(looking.threadTs).toBe(incident.ts);
      const card = await world.slack.waitForMessage(
        (message) => message.fromBot && shown(message).includes(`Request ${id}`),
      );
      await world.press('Approve', card, reviewer);
      const result = await readyOf(world, id);
      const link = await privately(
        world,
        developer,
        () => world.press('New link', result, developer),
        /Your link/,
      );

      const said = world.slack
        .messages(channel)
        .filter((message) => message.fromBot && !before.has(message.ts));
      expect(said).toHaveLength(3);
      for (const message of [...said, link]) expect(message.threadTs).toBe(incident.ts);
    });

    it('bad words after a mention are answered privately, in the thread', async () => {
      const { developer, channel } = world.cast;
      const incident = world.slack.say(zoe, channel, 'again');
      const reply = await privately(world, developer, () =>
        world.slack.mention(developer, channel, 'prod/Nope', { threadTs: incident.ts }),
      );
      expect(shown(reply)).toContain('cannot be the name of a pod');
      expect(reply.threadTs).toBe(incident.ts);
    });
  });

  it('a command that is delivered twice makes one request', async () => {
    const made = (await world.requests.newest(500)).length;
    const typed = await world.type(world.target);
    await world.slack.redeliver(typed);
    const id = await idOfNewest(made);
    await world.slack.waitForMessage(
      (message) => message.fromBot && shown(message).includes(`Request ${id}`),
    );
    await answerTo(world, 'list');
    expect(await world.requests.newest(500)).toHaveLength(made + 1);
    await answerTo(world, `cancel ${id}`);
    await resultOf(world, id);
  });

  async function idOfNewest(moreThan: number): Promise<string> {
    for (;;) {
      const all = await world.requests.newest(500);
      if (all.length > moreThan) return all[0]?.id ?? '';
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});

const flip = (char: string): string => (char === '0' ? '1' : '0');

function change(link: URL, how: (url: URL) => void): URL {
  const url = new URL(link);
  how(url);
  return url;
}
