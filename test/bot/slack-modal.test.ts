import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type {
  FormChange,
  FormHandlers,
  FormSearch,
  FormSubmission,
  IncomingCommand,
} from '../../src/bot/chat/chat-platform.ts';
import type { Form, OpenForm } from '../../src/bot/chat/form.ts';
import { createSlackPlatform, type SlackPlatform } from '../../src/bot/chat/slack/slack-platform.ts';
import {
  type Channel,
  type OpenView,
  type Person,
  type SlackOptions,
  type SlackWorkspace,
  startSlack,
} from '../../src/demo/slack/slack-workspace.ts';
import { callSlack, type LogLine, recordingLog, slackOptions } from './slack-world.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

const form = (more: Partial<Form> = {}): Form => ({
  title: 'Which pod, out of very many pods?',
  submit: 'Ask',
  cancel: 'Cancel',
  memo: 'as it was',
  fields: [
    { kind: 'notice', line: 'Take care', tone: 'warning' },
    { kind: 'search', key: 'pod', label: 'Pod', basis: 'prod' },
    { kind: 'text', key: 'reason', label: 'Reason', basis: '', maxLength: 100, optional: true },
    { kind: 'button', key: 'more', label: 'More' },
  ],
  ...more,
});

describe.each(['socket', 'http'] as const)('a form in Slack, in %s mode', (mode) => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ops: Channel;
  let ann: Person;
  let logged: LogLine[];
  let opened: (OpenForm | undefined)[];
  let handlers: FormHandlers;
  let seen: { searches: FormSearch[]; changes: FormChange[]; submissions: FormSubmission[] };
  let open: (command: IncomingCommand) => Promise<void>;

  beforeEach(() => {
    logged = [];
    opened = [];
    seen = { searches: [], changes: [], submissions: [] };
    handlers = {
      async onSearch(search) {
        seen.searches.push(search);
        return [{ value: 'api-1', label: 'api-1', note: 'Running' }];
      },
      async onChange(change) {
        seen.changes.push(change);
      },
      async onSubmit(submission) {
        seen.submissions.push(submission);
        return { kind: 'taken', carryOut: async () => undefined };
      },
    };
    open = async ({ formTicket = '' }) => void opened.push(await platform.forms?.open(formTicket, form()));
  });

  afterEach(async () => {
    await platform.stop();
    await slack.stop();
  });

  async function begin(limits: SlackOptions['limits'] = {}): Promise<void> {
    slack = await startSlack({ limits: { rate: 'off', ...limits } });
    ops = slack.addChannel('ops');
    ann = slack.addPerson({ name: 'ann', locale: 'zh-CN' });
    platform = createSlackPlatform(slackOptions(slack, { mode }), {
      log: recordingLog(logged),
      now: Date.now,
    });
    await platform.start({
      onCommand: (command) => open(command),
      onAction: async () => ({ kind: 'nothing' }),
      form: handlers,
    });
    const url = platform.requestUrl();
    if (url !== undefined) await slack.connectHttp(url);
  }

  async function formBeforeAnn(): Promise<OpenView> {
    await slack.slash(ann, ops, '/heapdump', '');
    const view = await slack.waitForView(ann);
    await vi.waitFor(() => expect(opened).toHaveLength(1), PATIENCE);
    return view;
  }

  it('is searched, filled in and submitted, with the person, the place and the memo', async () => {
    await begin();
    const view = await formBeforeAnn();

    const { options, delivery } = await slack.suggest(ann, view, 'form-pod', 'ap');
    await slack.choose(ann, view, 'form-pod', 'api-1');
    await vi.waitFor(() => expect(seen.changes).toHaveLength(1), PATIENCE);
    await slack.submitView(ann, view, { 'form-reason': 'leak' });

    const event = { person: `slack:${ann.id}`, language: 'zh-CN', memo: 'as it was' };
    expect(delivery.late).toBe(false);
    expect(options).toEqual([
      {
        text: expect.objectContaining({ text: 'api-1' }),
        value: 'api-1',
        description: expect.objectContaining({ text: 'Running' }),
      },
    ]);
    expect(seen.searches).toEqual([{ ...event, key: 'pod', query: 'ap' }]);
    expect(seen.changes).toEqual([{ ...event, key: 'pod', values: { pod: 'api-1', reason: '' } }]);
    expect(seen.submissions).toEqual([
      {
        ...event,
        id: view.id,
        values: { pod: 'api-1', reason: 'leak' },
        place: ops.id,
        privately: expect.stringContaining(ops.id),
      },
    ]);
    expect(slack.openViews(ann)).toEqual([]);
  });

  it('stays open with the mistakes at their fields', async () => {
    handlers.onSubmit = async () => ({ kind: 'mistakes', mistakes: { pod: 'gone', elsewhere: 'what?' } });
    await begin();
    const view = await formBeforeAnn();
    await slack.suggest(ann, view, 'form-pod', '');

    await slack.submitView(ann, view, { 'form-pod': 'api-1' });

    const pod = view.blocks.find(({ type }) => type === 'input')?.block_id;
    expect(slack.openViews(ann)[0]?.errors).toEqual({ [String(pod)]: 'what?' });
  });

  it('tells whoever submitted it when the work behind it failed', async () => {
    handlers.onSubmit = async () => ({
      kind: 'taken',
      carryOut: () => Promise.reject(new Error('Redis is away')),
    });
    await begin();
    const view = await formBeforeAnn();
    await slack.suggest(ann, view, 'form-pod', '');

    await slack.submitView(ann, view, { 'form-pod': 'api-1' });

    const told = await slack.waitForEphemeral(ann);
    expect(told.text).toContain('could not be done');
    expect(told.text).not.toContain('Redis');
  });

  it('a search that hangs or breaks is answered with nothing, in time', async () => {
    await begin();
    const view = await formBeforeAnn();

    handlers.onSearch = () => new Promise(() => undefined);
    expect((await slack.suggest(ann, view, 'form-pod', 'a')).options).toEqual([]);
    handlers.onSearch = () => Promise.reject(new Error('broken'));
    const { options, delivery } = await slack.suggest(ann, view, 'form-pod', 'b');

    expect(options).toEqual([]);
    expect(delivery.late).toBe(false);
  });

  it('shows another form in its place, unless the person has gone on or closed it', async () => {
    await begin();
    await formBeforeAnn();
    const [first] = opened;

    await first?.show(form({ title: 'Second' }));
    expect(slack.openViews(ann).map(({ title }) => title)).toEqual(['Second']);
    const [view] = slack.openViews(ann);
    if (view === undefined) throw new Error('no view is open');
    handlers.onChange = (_change, shown) => shown.show(form({ title: 'By the person' }));
    await slack.clickInView(ann, view, 'form-more');
    await vi.waitFor(() => expect(slack.openViews(ann)[0]?.title).toBe('By the person'), PATIENCE);

    await first?.show(form({ title: 'Too late' }));
    expect(slack.openViews(ann)[0]?.title).toBe('By the person');
    await slack.closeView(ann, view);
    await first?.show(form({ title: 'Into the void' }));
    expect(slack.openViews(ann)).toEqual([]);
    expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('cannot be opened after three seconds, nor twice by one command', async () => {
    const failures: unknown[] = [];
    open = async ({ formTicket = '' }) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await platform.forms?.open(formTicket, form()).catch((error: unknown) => failures.push(error));
    };
    await begin({ triggerMs: 200 });
    await slack.slash(ann, ops, '/heapdump', '');
    await vi.waitFor(
      () => expect(failures).toEqual([expect.objectContaining({ code: 'too-late' })]),
      PATIENCE,
    );

    open = async ({ formTicket = '' }) => {
      for (let times = 0; times < 2; times += 1) opened.push(await platform.forms?.open(formTicket, form()));
    };
    await slack.slash(ann, ops, '/heapdump', '');
    await vi.waitFor(() => expect(opened).toEqual([expect.anything(), undefined]), PATIENCE);
    expect(slack.openViews(ann)).toHaveLength(1);
  });

  it('that this bot did not write is not heard', async () => {
    await begin();
    const view = await formBeforeAnn();
    await callSlack(slack, 'views.update', {
      view_id: view.id,
      view: { ...view.given, private_metadata: '{"memo":"forged","channel":"nowhere"}' },
    });
    const [forged] = slack.openViews(ann);
    if (forged === undefined) throw new Error('no view is open');

    expect((await slack.suggest(ann, forged, 'form-pod', '')).options).toEqual([]);
    await slack.clickInView(ann, forged, 'form-more');
    await vi.waitFor(() => expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(2), PATIENCE);

    expect([...seen.searches, ...seen.changes]).toEqual([]);
  });
});
