/** Menus in modals, and the Home tab, of the stand-in Slack. */
import { App, LogLevel } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import type { Channel, OpenView, Person, SlackWorkspace } from '../../src/demo/slack/slack-workspace.ts';
import { slackForTests } from './slack-client.ts';

const words = (text: string) => ({ type: 'plain_text' as const, text });
const option = (value: string) => ({ text: words(value), value });

const field = (blockId: string, element: object, more: object = {}) => ({
  type: 'input',
  block_id: blockId,
  label: words(blockId),
  element,
  ...more,
});
const search = (blockId: string, more: object = {}) =>
  field(
    blockId,
    { type: 'external_select', action_id: blockId, min_query_length: 0 },
    { dispatch_action: true, ...more },
  );
const menu = (blockId: string, more: object = {}) =>
  field(blockId, {
    type: 'static_select',
    action_id: blockId,
    options: [option('app'), option('proxy')],
    ...more,
  });
const modal = (...blocks: object[]) => ({
  type: 'modal' as const,
  callback_id: 'form',
  title: words('A form'),
  submit: words('Go'),
  blocks,
});

describe('views of the stand-in Slack', () => {
  const { workspace, ends } = slackForTests();

  async function bot(slack: SlackWorkspace, first: () => object) {
    const app = new App({
      token: slack.botToken,
      appToken: slack.appToken,
      socketMode: true,
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    });
    app.error(async () => undefined);
    ends.push(() => app.stop());
    app.command('/open', async ({ ack, body, client }) => {
      await ack();
      await client.apiCall('views.open', { trigger_id: body.trigger_id, view: first() });
    });
    await app.start();
    return app;
  }

  async function opened(slack: SlackWorkspace, ann: Person, ops: Channel): Promise<OpenView> {
    await slack.slash(ann, ops, '/open', '');
    return slack.waitForView(ann);
  }

  it('a search asks the app, and only what it answered can be chosen', async () => {
    const { slack, ops, ann } = await workspace();
    const app = await bot(slack, () => modal(search('pod')));
    const asked: Record<string, unknown>[] = [];
    app.action('pod', async ({ ack }) => ack());
    app.view('form', async ({ ack }) => ack());
    app.options('pod', async ({ ack, body }) => {
      asked.push(body);
      await ack({ options: [option('api-1'), option('api-2')] });
    });
    const view = await opened(slack, ann, ops);

    await expect(slack.choose(ann, view, 'pod', 'api-1')).rejects.toThrow('does not offer api-1');
    const { options, delivery } = await slack.suggest(ann, view, 'pod', 'api');
    expect(options?.map(({ value }) => value)).toEqual(['api-1', 'api-2']);
    expect(delivery.late).toBe(false);
    expect(asked[0]).toMatchObject({
      type: 'block_suggestion',
      action_id: 'pod',
      value: 'api',
      user: { id: ann.id },
      container: { type: 'view', view_id: view.id },
    });

    await slack.choose(ann, view, 'pod', 'api-2');
    const { payload } = await slack.submitView(ann, view, {});
    expect(payload).toMatchObject({
      view: {
        state: { values: { pod: { pod: { type: 'external_select', selected_option: { value: 'api-2' } } } } },
      },
    });
  });

  it('a search that is answered too late shows nothing', async () => {
    const { slack, ops, ann } = await workspace({ limits: { ackMs: 300, triggerMs: 60_000 } });
    const app = await bot(slack, () => modal(search('pod')));
    app.options('pod', async ({ ack }) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      await ack({ options: [option('api-1')] });
    });
    const view = await opened(slack, ann, ops);

    const { options, delivery } = await slack.suggest(ann, view, 'pod', '');

    expect(delivery.late).toBe(true);
    expect(options).toBeUndefined();
  });

  it.each([
    [
      'more than 100 options',
      Array.from({ length: 101 }, (_, at) => option(`pod-${at}`)),
      'no more than 100',
    ],
    ['a value of more than 75 characters', [{ text: words('x'), value: 'x'.repeat(76) }], 'less than 76'],
    ['a text of more than 75 characters', [{ text: words('x'.repeat(76)), value: 'x' }], 'less than 76'],
    [
      'a description of more than 75 characters',
      [{ ...option('x'), description: words('x'.repeat(76)) }],
      'less than 76',
    ],
  ])('an answer with %s is not taken', async (_what, given, complaint) => {
    const { slack, ops, ann } = await workspace();
    const app = await bot(slack, () => modal(search('pod')));
    app.options('pod', async ({ ack }) => ack({ options: given }));
    const view = await opened(slack, ann, ops);

    const { options, delivery } = await slack.suggest(ann, view, 'pod', '');

    expect(options).toBeUndefined();
    expect(delivery.personSaw).toContain(complaint);
  });

  it('the app is told of a choice where it asked to be, with all that was entered', async () => {
    const { slack, ops, ann } = await workspace();
    const app = await bot(slack, () => modal(menu('container'), { ...menu('other'), dispatch_action: true }));
    app.action(/./, async ({ ack }) => ack());
    const view = await opened(slack, ann, ops);

    expect(await slack.choose(ann, view, 'container', 'proxy')).toBeUndefined();
    const told = await slack.choose(ann, view, 'other', 'app');

    expect(told?.payload).toMatchObject({
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      actions: [{ action_id: 'other', block_id: 'other', selected_option: { value: 'app' } }],
      view: { state: { values: { container: { container: { selected_option: { value: 'proxy' } } } } } },
    });
    expect(told?.payload).not.toHaveProperty('channel');
    expect(told?.payload).not.toHaveProperty('response_url');
  });

  it('an update keeps what was entered where block and action stay, whatever initial value it brings', async () => {
    const { slack, ops, ann, bot: client } = await workspace();
    await bot(slack, () => modal(menu('container'), menu('other')));
    const view = await opened(slack, ann, ops);
    await slack.choose(ann, view, 'container', 'proxy');

    await client.apiCall('views.update', {
      view_id: view.id,
      hash: view.hash,
      view: modal(
        menu('container'),
        menu('other', { initial_option: option('app') }),
        menu('third', { initial_option: option('app') }),
      ),
    });

    expect(valuesIn(slack, ann)).toEqual({ container: 'proxy', other: undefined, third: 'app' });
    const stale = client.apiCall('views.update', { view_id: view.id, hash: view.hash, view: modal() });
    await expect(stale).rejects.toMatchObject({ data: { error: 'hash_conflict' } });
  });

  it('an error names an input of the view, and the form stays open', async () => {
    const { slack, ops, ann } = await workspace();
    const app = await bot(slack, () => modal(menu('container')));
    app.view('form', async ({ ack }) => {
      await ack({ response_action: 'errors', errors: { container: 'not this one' } });
    });
    const view = await opened(slack, ann, ops);

    await expect(slack.submitView(ann, view, {})).rejects.toThrow('the form asks for container');
    await slack.submitView(ann, view, { container: 'app' });

    expect(slack.openViews(ann)[0]?.errors).toEqual({ container: 'not this one' });
    expect(valuesIn(slack, ann)).toEqual({ container: 'app' });
  });

  it.each([
    ['a menu without options', { type: 'static_select', action_id: 'm' }, 'missing required field: options'],
    [
      'an initial option that is not among the options',
      { type: 'static_select', action_id: 'm', options: [option('a')], initial_option: option('b') },
      'must be one of the provided options',
    ],
    [
      'a query length that is no number',
      { type: 'external_select', action_id: 'm', min_query_length: 'x' },
      'must be an integer',
    ],
  ])('refuses %s', async (_what, element, complaint) => {
    const { ann, bot: client } = await workspace();

    const refused = client.apiCall('views.publish', {
      user_id: ann.id,
      view: { type: 'home', blocks: [field('m', element)] },
    });

    await expect(refused).rejects.toMatchObject({
      data: {
        error: 'invalid_arguments',
        response_metadata: { messages: [expect.stringContaining(complaint)] },
      },
    });
  });

  it('the Home tab is opened, published, and its buttons are clicked', async () => {
    const { slack, ann, bot: client } = await workspace();
    const app = await bot(slack, () => modal());
    const heard: unknown[] = [];
    app.event('app_home_opened', async ({ event }) => {
      heard.push(event);
    });
    app.action('again', async ({ ack }) => ack());

    await slack.openHome(ann);
    expect(heard).toEqual([
      expect.objectContaining({ user: ann.id, tab: 'home', channel: slack.directChannel(ann).id }),
    ]);
    expect(heard[0]).not.toHaveProperty('view');
    await client.views.publish({
      user_id: ann.id,
      view: {
        type: 'home',
        blocks: [
          {
            type: 'actions',
            elements: [{ type: 'button', action_id: 'again', text: words('Again'), value: '7' }],
          },
        ],
      },
    });
    const home = await slack.waitForView(ann, ({ kind }) => kind === 'home');
    const { payload } = await slack.clickInView(ann, home, 'again');
    await slack.openHome(ann);

    expect(payload).toMatchObject({
      type: 'block_actions',
      container: { type: 'view', view_id: home.id },
      view: { type: 'home' },
      actions: [{ action_id: 'again', value: '7', type: 'button' }],
    });
    expect(heard[1]).toMatchObject({ view: { id: home.id, hash: home.hash } });
    await slack.openHome(ann, 'messages');
    expect(heard[2]).toMatchObject({ tab: 'messages' });
  });

  /** What is in the open modal's menus now, by block. */
  function valuesIn(slack: SlackWorkspace, ann: Person): Record<string, string | undefined> {
    const [view] = slack.openViews(ann);
    if (view === undefined) throw new Error('no view is open');
    return Object.fromEntries(
      view.blocks.map(({ block_id: id }) => {
        const state = slack.entered(view)[String(id)]?.[String(id)];
        const chosen = state?.selected_option as { value: string } | null | undefined;
        return [String(id), chosen?.value];
      }),
    );
  }
});
