import { type Job, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/redis.ts';
import { CONTRACT_VERSION, looksQueueName, plainFailure, preflightData } from '../../src/worker/dump-job.ts';
import { type LookupOutcome, lookupData } from '../../src/worker/lookup-job.ts';
import { startWorld, type World } from '../world.ts';
import { privately, shown } from './conversation.ts';
import { choose, elementOf, formWith, openForm, searched } from './form.ts';

const NARROW = [
  { namespaces: ['prod'], verbs: ['get'], resources: ['pods'] },
  { namespaces: ['prod'], verbs: ['get', 'create'], resources: ['pods/exec'] },
];
const LISTS = { namespaces: ['*'], verbs: ['list'], resources: ['pods', 'namespaces'] };
const POD = 'order-service-7d9f8-x2x4k';

describe('a form whose lists do not work', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      config: ({ cast }) => ({
        rules: [
          {
            name: 'shop',
            namespaces: ['prod', 'team-*'],
            request: ['everyone'],
            review: { by: [`slack:${cast.reviewer.id}`] },
          },
        ],
      }),
    });
    world.cluster.setUser('worker', NARROW);
  });
  afterAll(() => world?.stop());
  afterEach(async () => {
    const { developer } = world.cast;
    for (const view of world.slack.openViews(developer)) await world.slack.closeView(developer, view);
  });

  it('offers the namespaces that rules name where the worker may not list them', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer, 'may not list namespaces');

    expect(await searched(world, developer, view, 'namespace')).toEqual(['prod']);
  });

  it('and asks for the pod’s name where it may not list pods', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer, 'may not list namespaces');
    await choose(world, developer, view, 'namespace', 'prod');
    const typed = await formWith(world, developer, 'The worker may not list what there is');

    expect(elementOf(typed, 'namespace')).toMatchObject({ initial_value: 'prod' });
    const looking = await privately(
      world,
      developer,
      () => world.slack.submitView(developer, typed, { 'form-pod': POD }),
      /Looking at/,
    );
    expect(shown(looking)).toContain(`demo/prod/${POD}`);
  });

  it('asks for names in the same form when the cluster is away, and they make a request', async () => {
    const { developer } = world.cast;
    world.cluster.setUser('worker', [...NARROW, LISTS]);
    // A failure is remembered for two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const back = world.cluster.faults.apiServerDown(2500);
    const view = await openForm(world, developer, 'could not be asked');

    expect(elementOf(view, 'namespace').type).toBe('plain_text_input');
    await back;
    const looking = await privately(
      world,
      developer,
      () => world.slack.submitView(developer, view, { 'form-namespace': 'prod', 'form-pod': POD }),
      /Looking at/,
    );
    expect(shown(looking)).toContain(`demo/prod/${POD}`);
    await world.card();
  });

  it('says in the field which name cannot be one, and stays open', async () => {
    const { developer } = world.cast;
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const view = await openForm(world, developer, 'Type the names');
    await world.slack.clickInView(developer, view, 'form-typed');
    const typed = await formWith(world, developer, 'Choose from lists');

    await world.slack.submitView(developer, typed, { 'form-namespace': 'Prod Two', 'form-pod': POD });

    const [open] = world.slack.openViews(developer);
    expect(Object.values(open?.errors ?? {})).toEqual([
      expect.stringContaining('"Prod Two" cannot be the name of a namespace'),
    ]);
    await world.slack.clickInView(developer, typed, 'form-lists');
    const lists = await formWith(world, developer, 'Type the names instead');
    expect(elementOf(lists, 'namespace').type).toBe('external_select');
  });

  it('opens also where Slack is slow to say who somebody is, first with a word to wait', async () => {
    // Of whom nothing is known yet.
    const newcomer = world.slack.addPerson({ name: 'Kim' });
    world.slack.faults.next('users.info', { delayMs: 1500 });
    const delivery = await world.type('', newcomer);
    const first = await world.slack.waitForView(newcomer);
    await formWith(world, newcomer, 'Namespace');

    expect(delivery.late).toBe(false);
    expect(first.blocks.map(({ type }) => type)).toEqual(['context']);
  });
});

describe('a form of several clusters', () => {
  let world: World;
  const workers: Worker[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    world = await startWorld({
      worker: 'none',
      config: () => ({
        clusters: ['east', 'west', 'old'].map((name) => ({ name, inCluster: true })),
      }),
    });
  });
  afterAll(async () => {
    for (const worker of workers) await worker.close();
    await world?.stop();
  });
  afterEach(async () => {
    const { developer } = world.cast;
    for (const view of world.slack.openViews(developer)) await world.slack.closeView(developer, view);
  });

  async function answerLooks(cluster: string, answer: (job: Job) => unknown): Promise<void> {
    const connection = connectRedis(world.redis.url, 'blocking');
    const worker = new Worker(looksQueueName(cluster), async (job) => answer(job), { connection });
    worker.on('closed', () => connection.disconnect());
    workers.push(worker);
    await worker.waitUntilReady();
  }

  it('says that a cluster without a worker is slow, within Slack’s patience, and takes typed names', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer, 'Choose a cluster first');
    expect(await searched(world, developer, view, 'namespace')).toEqual([]);

    await world.slack.choose(developer, view, 'form-cluster', 'west');
    const typed = await formWith(world, developer, 'slow to answer');

    expect(elementOf(typed, 'cluster')).toMatchObject({ initial_option: { value: 'west' } });
    expect(elementOf(typed, 'pod').type).toBe('plain_text_input');
    await answerLooks('west', () => plainFailure('pod-not-found', 'none'));
    await privately(
      world,
      developer,
      () => world.slack.submitView(developer, typed, { 'form-namespace': 'prod', 'form-pod': 'api-0' }),
      /Looking at west\/prod\/api-0/,
    );
  });

  it('says that a worker is too old to have lists', async () => {
    const { developer } = world.cast;
    await answerLooks('old', ({ data }) =>
      preflightData.safeParse(data).success ? undefined : plainFailure('bad-job', 'none'),
    );
    const view = await openForm(world, developer, 'Choose a cluster first');

    await world.slack.choose(developer, view, 'form-cluster', 'old');
    const typed = await formWith(world, developer, 'older than this bot');

    expect(elementOf(typed, 'namespace').type).toBe('plain_text_input');
  });

  it('narrows namespaces and pods to the chosen cluster, asks it once, and never offers more than 100', async () => {
    const { developer } = world.cast;
    const pods = Array.from({ length: 150 }, (_, at) => ({
      name: `api-${String(at).padStart(3, '0')}`,
      state: at < 120 ? ('pending' as const) : ('running' as const),
      containers: ['app', 'proxy'],
    }));
    const long = `batch-${'x'.repeat(190)}-7d9f8-x2x4k`;
    await answerLooks('east', ({ data }): LookupOutcome => {
      const { question } = lookupData.parse(data);
      asked.push(question.of);
      return question.of === 'namespaces'
        ? { outcome: 'namespaces', version: CONTRACT_VERSION, namespaces: ['prod'], complete: true }
        : {
            outcome: 'pods',
            version: CONTRACT_VERSION,
            pods: [...pods, { name: long, state: 'running', containers: ['app'] }],
            complete: false,
          };
    });
    const view = await openForm(world, developer, 'Choose a cluster first');

    await world.slack.choose(developer, view, 'form-cluster', 'east');
    // A single namespace is chosen already.
    const withPods = await formWith(world, developer, 'There are more pods than the 151');
    const offered = await searched(world, developer, withPods, 'pod');
    expect(offered).toHaveLength(100);
    expect(offered[0]).toBe('api-120 (Running)');
    for (const query of ['a', 'ap', 'api', 'api 12']) {
      expect((await searched(world, developer, withPods, 'pod', query)).length).toBeGreaterThan(0);
    }
    expect(asked).toEqual(['namespaces', 'pods']);

    const { options } = await world.slack.suggest(developer, withPods, 'form-pod', 'batch');
    await world.slack.choose(developer, withPods, 'form-pod', String(options?.[0]?.value));
    const filled = await formWith(world, developer, '"value":"app"');
    await privately(
      world,
      developer,
      () => world.slack.submitView(developer, filled, {}),
      new RegExp(`Looking at east/prod/${long}`),
    );
    expect(await world.request()).toMatchObject({
      target: { cluster: 'east', namespace: 'prod', pod: long, container: 'app' },
    });
  });

  it('asks to choose the pod again when the cluster was changed in the very last moment', async () => {
    const { developer } = world.cast;
    const view = await openForm(world, developer, 'Choose a cluster first');
    await world.slack.choose(developer, view, 'form-cluster', 'east');
    const withPods = await formWith(world, developer, 'There are more pods');
    await world.slack.suggest(developer, withPods, 'form-pod', 'api-120');
    await world.slack.choose(developer, withPods, 'form-pod', 'api-120');
    const filled = await formWith(world, developer, 'api-120');
    const before = await world.requests.newest(50);

    // Slack has not shown the change yet.
    world.slack.faults.next('views.update', { slackError: 'hash_conflict' });
    await world.slack.choose(developer, filled, 'form-cluster', 'west');
    await world.slack.submitView(developer, filled, {});

    expect(Object.values(world.slack.openViews(developer)[0]?.errors ?? {})).toEqual([
      'Please choose again: the list has changed.',
    ]);
    expect(await world.requests.newest(50)).toHaveLength(before.length);
  });
});
