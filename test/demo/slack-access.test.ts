/** Who may call the stand-in Slack, where a bot may speak, and what it may know. */
import type { webApi } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCOPES, type SlackWorkspace, startSlack } from '../../src/demo/slack/slack-workspace.ts';
import { slackForTests, webClient } from './slack-client.ts';

describe('who may call the stand-in Slack', () => {
  const { workspace } = slackForTests();

  async function ask(slack: SlackWorkspace, method: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await fetch(`${slack.apiUrl}${method}`, { method: 'POST', ...init });
    return answer.json();
  }

  it('wants the token in the Authorization header, and the right one', async () => {
    const { slack } = await workspace();
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

    expect(await ask(slack, 'auth.test')).toEqual({ ok: false, error: 'not_authed' });
    expect(
      await ask(slack, 'auth.test', { body: new URLSearchParams({ token: slack.botToken }) }),
    ).toMatchObject({ error: 'not_authed' });
    expect(await ask(slack, 'auth.test', bearer('xoxb-other'))).toMatchObject({ error: 'invalid_auth' });
    expect(await ask(slack, 'apps.connections.open', bearer(slack.botToken))).toMatchObject({
      error: 'not_allowed_token_type',
    });
    expect(await ask(slack, 'auth.test', bearer(slack.botToken))).toMatchObject({
      ok: true,
      team_id: slack.teamId,
      user_id: slack.botUserId,
    });
  });

  it('names the scope that is missing and those that are there', async () => {
    const { ops, bot } = await workspace({ scopes: ['commands', 'chat:write'] });
    const { ts } = await bot.chat.postMessage({ channel: ops.id, text: 'x' });

    await expect(bot.conversations.replies({ channel: ops.id, ts: ts ?? '' })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'channels:history', provided: 'commands,chat:write' },
    });
  });

  it('keeps calls for the tests to read, without tokens', async () => {
    const { slack, ops, bot } = await workspace();

    await bot.chat.postMessage({ channel: ops.id, text: 'x', token: slack.botToken });
    await bot.chat.update({ channel: ops.id, ts: '1.1', text: 'x' }).catch(() => undefined);

    expect(slack.calls).toMatchObject([
      { method: 'chat.postMessage', args: { channel: ops.id, text: 'x' }, status: 200, error: undefined },
      { method: 'chat.update', status: 200, error: 'message_not_found' },
    ]);
    expect(JSON.stringify(slack.calls)).not.toContain(slack.botToken);
  });

  it('fails a test whose bot calls what the stand-in does not know', async () => {
    const slack = await startSlack();
    const bot = webClient(slack);

    await expect(bot.reactions.add({ channel: 'C1', timestamp: '1.1', name: 'eyes' })).rejects.toMatchObject({
      data: { error: 'unknown_method' },
    });
    await expect(slack.stop()).rejects.toThrow('nobody expected: reactions.add');
  });

  it('takes JSON as well as forms, and says what it cannot read', async () => {
    const { slack, ops } = await workspace();
    const headers = {
      authorization: `Bearer ${slack.botToken}`,
      'content-type': 'application/json; charset=utf-8',
    };
    const post = (body: string) => ask(slack, 'chat.postMessage', { headers, body });

    expect(
      await post(JSON.stringify({ channel: ops.id, blocks: [{ type: 'divider' }], unfurl_links: false })),
    ).toMatchObject({ ok: true, message: { blocks: [{ type: 'divider', block_id: expect.any(String) }] } });
    expect(await post('{')).toMatchObject({ error: 'invalid_json' });
    expect(
      await ask(slack, 'chat.postMessage', {
        headers: { authorization: `Bearer ${slack.botToken}` },
        body: new URLSearchParams({ channel: ops.id, blocks: '[{' }),
      }),
    ).toMatchObject({ error: 'invalid_blocks_format' });
  });

  it('grants by default what a bot of this kind asks for, and no file or admin scope', () => {
    expect(DEFAULT_SCOPES).toContain('chat:write');
    expect(DEFAULT_SCOPES.filter((scope) => /files|admin|public/.test(scope))).toEqual([]);
  });
});

describe('channels of the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('does not let the bot speak where it cannot', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const say = (channel: string) => bot.chat.postMessage({ channel, text: 'x' });
    const open = slack.addChannel('open', { botIsIn: false });
    const closed = slack.addChannel('closed', { kind: 'private', botIsIn: false });
    ops.isArchived = true;

    await expect(say('C0NONE')).rejects.toMatchObject({ data: { error: 'channel_not_found' } });
    await expect(say(open.id)).rejects.toMatchObject({ data: { error: 'not_in_channel' } });
    await expect(say(closed.id)).rejects.toMatchObject({ data: { error: 'channel_not_found' } });
    await expect(say(ops.id)).rejects.toMatchObject({ data: { error: 'is_archived' } });
    await expect(
      bot.chat.postMessage({ channel: slack.directChannel(ann).id, text: '' }),
    ).rejects.toMatchObject({
      data: { error: 'no_text' },
    });
  });

  it('lets the bot into open channels unjoined with chat:write.public', async () => {
    const { slack, bot } = await workspace({ scopes: ['chat:write', 'chat:write.public'] });
    const open = slack.addChannel('open', { botIsIn: false });

    expect(await bot.chat.postMessage({ channel: open.id, text: 'x' })).toMatchObject({ channel: open.id });
  });

  it('has one direct channel for each person, by id or by conversations.open', async () => {
    const { slack, ann, bot } = await workspace();
    const gone = slack.addPerson({ name: 'gone', deleted: true });

    const byPerson = await bot.chat.postMessage({ channel: ann.id, text: 'hello' });
    const opened = await bot.conversations.open({ users: ann.id });

    expect(opened.channel?.id).toBe(byPerson.channel);
    expect(slack.direct(ann).map((each) => each.text)).toEqual(['hello']);
    await expect(bot.conversations.open({ users: gone.id })).rejects.toMatchObject({
      data: { error: 'user_disabled' },
    });
  });

  it('shows a private word only to a person who is in the channel', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const bob = slack.addPerson({ name: 'bob' });
    ops.absent.add(bob.id);
    const tell = (user: string) => bot.chat.postEphemeral({ channel: ops.id, user, text: 'psst' });

    await tell(ann.id);

    await expect(tell(bob.id)).rejects.toMatchObject({ data: { error: 'user_not_in_channel' } });
    expect(slack.ephemerals(ann)).toHaveLength(1);
    expect(slack.ephemerals(bob)).toHaveLength(0);
    expect(slack.messages(ops)).toHaveLength(0);
  });

  it('shows a private word in a thread only once the thread is alive', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'topic' });
    const tell = () => bot.chat.postEphemeral({ channel: ops.id, user: ann.id, text: 'psst', thread_ts: ts });

    await tell();
    expect(slack.ephemerals(ann)).toEqual([]);
    await bot.chat.postMessage({ channel: ops.id, text: 'reply', thread_ts: ts });
    await tell();
    expect(slack.ephemerals(ann)).toHaveLength(1);
  });

  it('tells of a channel what there is to tell', async () => {
    const { slack, ops, bot } = await workspace();
    slack.addPerson({ name: 'eve', isStranger: true });

    expect((await bot.conversations.info({ channel: ops.id })).channel).toMatchObject({
      id: ops.id,
      name: 'ops',
      is_private: false,
      is_archived: false,
      is_member: true,
      is_ext_shared: true,
    });
  });
});

describe('people in the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('tells guests, bots, strangers and closed accounts apart', async () => {
    const { slack, ann, bot } = await workspace();
    const about = async (id: string) => (await bot.users.info({ user: id, include_locale: true })).user;
    const zoe = slack.addPerson({ name: 'zoe', locale: 'zh-CN', timeZone: 'Asia/Shanghai' });

    expect(await about(ann.id)).toMatchObject({
      is_bot: false,
      is_restricted: false,
      locale: 'en-US',
      deleted: false,
    });
    expect(await about(zoe.id)).toMatchObject({ locale: 'zh-CN', tz: 'Asia/Shanghai' });
    expect(await about(slack.addPerson({ name: 'g', isRestricted: true }).id)).toMatchObject({
      is_restricted: true,
    });
    expect(await about(slack.addPerson({ name: 'u', isUltraRestricted: true }).id)).toMatchObject({
      is_restricted: true,
      is_ultra_restricted: true,
    });
    expect(await about(slack.addPerson({ name: 'b', isBot: true }).id)).toMatchObject({ is_bot: true });
    expect(await about(slack.addPerson({ name: 'd', deleted: true }).id)).toMatchObject({ deleted: true });
    expect(await about(slack.addPerson({ name: 's', isStranger: true }).id)).toMatchObject({
      is_stranger: true,
    });
    expect((await bot.users.info({ user: zoe.id })).user).not.toHaveProperty('locale');
    await expect(about('U0NONE')).rejects.toMatchObject({ data: { error: 'user_not_found' } });
  });

  it('lists user groups on paid plans only', async () => {
    const { slack, ann, bot } = await workspace();
    const group = slack.addUserGroup('reviewers', [ann]);
    const free = await workspace({ plan: 'free' });
    const list = (who: webApi.WebClient, usergroup: string) => who.usergroups.users.list({ usergroup });

    expect((await list(bot, group.id)).users).toEqual([ann.id]);
    await expect(list(bot, 'S0NONE')).rejects.toMatchObject({ data: { error: 'no_such_subteam' } });
    await expect(list(free.bot, group.id)).rejects.toMatchObject({
      data: { error: 'plan_upgrade_required' },
    });
  });
});
