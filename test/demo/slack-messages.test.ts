/** Messages in the stand-in Slack, from posting to deletion. */
import { describe, expect, it } from 'vitest';
import { slackForTests } from './slack-client.ts';

describe('messages in the stand-in Slack', () => {
  const { workspace } = slackForTests();

  it('finds a message of the bot again by the metadata it was posted with', async () => {
    const { ops, bot } = await workspace();
    const metadata = { event_type: 'heapdump', event_payload: { key: 'r1/asked' } };
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'topic', metadata });
    await bot.chat.postMessage({ channel: ops.id, text: 'reply', thread_ts: ts, metadata });
    await bot.chat.update({ channel: ops.id, ts, text: 'changed' });

    const thread = await bot.conversations.replies({ channel: ops.id, ts, include_all_metadata: true });
    const without = await bot.conversations.replies({ channel: ops.id, ts });
    const history = await bot.conversations.history({ channel: ops.id, include_all_metadata: true });

    expect(thread.messages).toMatchObject([
      { text: 'changed', ts, thread_ts: ts, reply_count: 1, metadata },
      { text: 'reply', thread_ts: ts, parent_user_id: expect.any(String), metadata },
    ]);
    expect(without.messages?.[0]).not.toHaveProperty('metadata');
    expect(history.messages).toMatchObject([{ text: 'changed', metadata }]);
    await expect(
      bot.chat.postMessage({ channel: ops.id, text: 'x', metadata: { event_type: '', event_payload: {} } }),
    ).rejects.toMatchObject({ data: { error: 'invalid_metadata_schema' } });
  });

  it('gives long threads and channels page by page', async () => {
    const { ops, bot } = await workspace({ limits: { rate: 'off' } });
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: '0' });
    for (const text of ['1', '2', '3']) {
      await bot.chat.postMessage({ channel: ops.id, thread_ts: ts, text });
      await bot.chat.postMessage({ channel: ops.id, text: `top ${text}` });
    }

    const first = await bot.conversations.replies({ channel: ops.id, ts, limit: 2 });
    const cursor = first.response_metadata?.next_cursor ?? '';
    const second = await bot.conversations.replies({ channel: ops.id, ts, limit: 2, cursor });
    const latest = await bot.conversations.history({ channel: ops.id, limit: 2 });
    const later = await bot.conversations.history({ channel: ops.id, oldest: ts });

    expect(first).toMatchObject({
      has_more: true,
      messages: [{ text: '0' }, { text: '1' }, { text: '2' }],
    });
    expect(second).toMatchObject({ has_more: false, messages: [{ text: '0' }, { text: '3' }] });
    expect(latest.messages?.map((each) => each.text)).toEqual(['top 3', 'top 2']);
    expect(later.messages).toHaveLength(3);
  });

  it('changes only what the bot itself said, and only what is still there', async () => {
    const { slack, ops, ann, bot } = await workspace();
    const theirs = slack.say(ann, ops, 'mine');
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'x' });
    const posted = slack.messages(ops).at(-1);
    if (posted !== undefined) slack.deleteMessage(posted);
    const update = (at: string) => bot.chat.update({ channel: ops.id, ts: at, text: 'y' });

    await expect(update(theirs.ts)).rejects.toMatchObject({ data: { error: 'cant_update_message' } });
    await expect(update(ts)).rejects.toMatchObject({ data: { error: 'message_not_found' } });
    await expect(update('1.000001')).rejects.toMatchObject({ data: { error: 'message_not_found' } });
    await expect(bot.chat.delete({ channel: ops.id, ts: theirs.ts })).rejects.toMatchObject({
      data: { error: 'cant_delete_message' },
    });
  });

  it('takes blocks away with a new text, keeps them without, and keeps attachments in any case', async () => {
    const { slack, ops, bot } = await workspace();
    const { ts = '' } = await bot.chat.postMessage({
      channel: ops.id,
      text: 'a',
      blocks: [{ type: 'divider' }],
      attachments: [{ color: '#ff0000', fallback: 'red' }],
    });
    const shape = () => {
      const { text, blocks, attachments } = slack.messages(ops)[0] ?? {};
      return [text, blocks?.length, attachments?.length];
    };

    await bot.chat.update({
      channel: ops.id,
      ts,
      attachments: [{ color: '#00ff00', fallback: 'green' }],
    } as never);
    expect(shape()).toEqual(['a', 1, 1]);
    await bot.chat.update({ channel: ops.id, ts, text: 'b' });
    expect(shape()).toEqual(['b', 0, 1]);
    await bot.chat.update({ channel: ops.id, ts, text: 'c', attachments: [] });
    expect(shape()).toEqual(['c', 0, 0]);
    await expect(bot.chat.update({ channel: ops.id, ts, text: 'x'.repeat(4001) })).rejects.toMatchObject({
      data: { error: 'msg_too_long' },
    });
  });

  it('cuts a text of more than 40,000 characters, and says so', async () => {
    const { slack, ops, bot } = await workspace();

    const answer = await bot.chat.postMessage({ channel: ops.id, text: 'x'.repeat(40_001) });

    expect(answer.response_metadata?.warnings).toEqual(['message_truncated']);
    expect(slack.messages(ops)[0]?.text).toHaveLength(40_000);
  });

  it('posts to the channel, without a word, when the thread is gone', async () => {
    const { slack, ops, bot } = await workspace();
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'topic' });
    const [topic] = slack.messages(ops);
    if (topic !== undefined) slack.deleteMessage(topic);

    const answer = await bot.chat.postMessage({ channel: ops.id, text: 'reply', thread_ts: ts });

    expect(answer.ok).toBe(true);
    expect(answer.message).not.toHaveProperty('thread_ts');
    await expect(bot.conversations.replies({ channel: ops.id, ts })).rejects.toMatchObject({
      data: { error: 'thread_not_found' },
    });
    await expect(
      bot.chat.postMessage({ channel: ops.id, text: 'x', thread_ts: 'nonsense' }),
    ).rejects.toMatchObject({ data: { error: 'invalid_thread_ts' } });
  });

  it('lets a thread go on below a tombstone when only its first message was deleted', async () => {
    const { slack, ops, bot } = await workspace();
    const { ts = '' } = await bot.chat.postMessage({ channel: ops.id, text: 'topic' });
    const reply = await bot.chat.postMessage({ channel: ops.id, text: 'reply', thread_ts: ts });
    const [topic] = slack.messages(ops);
    if (topic !== undefined) slack.deleteMessage(topic);

    await bot.chat.postMessage({ channel: ops.id, text: 'more', thread_ts: reply.ts ?? '' });
    const { messages } = await bot.conversations.replies({ channel: ops.id, ts });

    expect(messages).toMatchObject([
      { subtype: 'tombstone' },
      { text: 'reply' },
      { text: 'more', thread_ts: ts },
    ]);
  });
});
