import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPeople } from '../../src/bot/chat/slack/people.ts';
import { createSlackPlatform, type SlackPlatform } from '../../src/bot/chat/slack/slack-platform.ts';
import { createWebCalls } from '../../src/bot/chat/slack/web-calls.ts';
import {
  type Person,
  type SlackWorkspace,
  startSlack,
  type UserGroup,
} from '../../src/demo/slack/slack-workspace.ts';
import { type LogLine, recordingLog, slackOptions } from './slack-world.ts';

const MINUTE_MS = 60_000;

describe('who is who in Slack', () => {
  let slack: SlackWorkspace;
  let platform: SlackPlatform;
  let ann: Person;
  let sre: UserGroup;
  let logged: LogLine[];
  let later = 0;

  async function begin(plan: 'free' | 'paid' = 'paid'): Promise<void> {
    later = 0;
    logged = [];
    slack = await startSlack({ limits: { rate: 'off' }, plan });
    ann = slack.addPerson({ name: 'ann' });
    sre = slack.addUserGroup('sre', [ann]);
    platform = createSlackPlatform(slackOptions(slack), {
      log: recordingLog(logged),
      now: () => Date.now() + later,
    });
    await platform.start({ onCommand: async () => undefined, onAction: async () => ({ kind: 'nothing' }) });
  }
  beforeEach(() => begin());
  afterEach(async () => {
    await platform.stop();
    await slack.stop();
  });

  const isInSre = async () =>
    (await platform.groupsOf(`slack:${ann.id}`, [`slack:group:${sre.id}`])).size === 1;
  const asked = (method: string) => slack.calls.filter((call) => call.method === method).length;
  const breakFor = (method: string, times: number) =>
    slack.faults.next(method, ...Array.from({ length: times }, () => ({ status: 503 })));

  it('reads a group once for many who ask within a minute, and again after it', async () => {
    expect(await Promise.all([isInSre(), isInSre(), isInSre()])).toEqual([true, true, true]);
    sre.people.delete(ann.id);
    expect(await isInSre()).toBe(true);
    expect(asked('usergroups.users.list')).toBe(1);

    later = MINUTE_MS + 1000;

    expect(await isInSre()).toBe(false);
  });

  it('goes by the old list for ten minutes when Slack does not answer, and tells after that', async () => {
    await isInSre();
    breakFor('usergroups.users.list', 8);

    later = 9 * MINUTE_MS;
    expect(await isInSre()).toBe(true);
    later = 11 * MINUTE_MS;
    await expect(isInSre()).rejects.toMatchObject({ name: 'ChatError', code: 'unreachable' });
    expect(await isInSre()).toBe(true);
  });

  it('counts nobody as in a group that does not exist, and complains of it once', async () => {
    const missing = () => platform.groupsOf(`slack:${ann.id}`, ['slack:group:S0NOSUCH', 'sre', 'slack:U012']);

    expect((await missing()).size).toBe(0);
    later = 2 * MINUTE_MS;
    expect((await missing()).size).toBe(0);

    expect(asked('usergroups.users.list')).toBe(2);
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('counts nobody as in any group where the plan has none', async () => {
    await platform.stop();
    await slack.stop();
    await begin('free');

    expect(await isInSre()).toBe(false);
  });

  it('hears of a deactivation within seconds', async () => {
    expect((await platform.standing(`slack:${ann.id}`)).outsider).toBe(false);
    ann.deleted = true;

    later = 6000;

    expect((await platform.standing(`slack:${ann.id}`)).outsider).toBe(true);
  });

  it('lets nobody pass while Slack does not say who they are', async () => {
    breakFor('users.info', 4);

    await expect(platform.standing(`slack:${ann.id}`)).rejects.toMatchObject({ code: 'unreachable' });
    expect((await platform.standing(`slack:${ann.id}`)).outsider).toBe(false);
  });

  it.each([
    [{}, false],
    [{ is_bot: true }, true],
    [{ deleted: true }, true],
    [{ is_restricted: true }, true],
    [{ is_ultra_restricted: true }, true],
    [{ is_stranger: true }, true],
    [{ team_id: 'T0OTHER' }, true],
    [{ team_id: undefined }, true],
  ])('takes %j by itself as: outsider %s', async (facts, outsider) => {
    const server = createServer((_request, response) => {
      response.end(JSON.stringify({ ok: true, user: { id: 'U012ABC', team_id: 'T0OURS', ...facts } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const log = recordingLog([]);
      const web = createWebCalls({ token: 'xoxb-1', apiUrl: `http://127.0.0.1:${port}/api/`, log });
      const people = createPeople({ web, teamId: () => 'T0OURS', now: Date.now, log });

      expect((await people.standing('slack:U012ABC')).outsider).toBe(outsider);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
