/** Stream mode of the stand-in DingTalk, frame by frame. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  bareConnection,
  CARD,
  caller,
  dingtalkForTests,
  EVENTS,
  PATIENTLY,
  ROBOT,
} from './dingtalk-client.ts';

describe('the gateway of the stand-in DingTalk', () => {
  const { organisation, ends } = dingtalkForTests();

  it('gives a ticket only for the app’s own secret and for what can be subscribed to', async () => {
    const { dingtalk } = await organisation();
    const { post } = caller(dingtalk);
    const { clientId, clientSecret } = dingtalk;
    const open = (body: object) => post('/v1.0/gateway/connections/open', body);

    expect(await open({ clientId, clientSecret: 'x', subscriptions: [ROBOT] })).toMatchObject({
      status: 401,
      body: { code: 'authFailed', requestid: expect.any(String) },
    });
    expect(await open({ clientId, clientSecret, subscriptions: [] })).toMatchObject({ status: 400 });
    expect(
      await open({ clientId, clientSecret, subscriptions: [{ type: 'EVENT', topic: 'user_add_org' }] }),
    ).toMatchObject({ status: 400 });
    expect(await open({ clientId, clientSecret, subscriptions: [ROBOT, EVENTS] })).toEqual({
      status: 200,
      body: { endpoint: expect.stringMatching(/^ws:.*\/connect$/), ticket: expect.any(String) },
    });
  });

  it('answers in XML where nobody asks for JSON', async () => {
    const { dingtalk } = await organisation();
    const { clientId, clientSecret } = dingtalk;

    const { body } = await caller(dingtalk).post(
      '/v1.0/gateway/connections/open',
      { clientId, clientSecret, subscriptions: [ROBOT] },
      { headers: { accept: '*/*' } },
    );

    expect(body).toMatch(/^<\?xml .*<ticket>/);
  });

  it('takes each ticket once and not after its time', async () => {
    let now = Date.now();
    const { dingtalk, app } = await organisation({ now: () => now });
    const { connection, url } = await bareConnection(dingtalk, [ROBOT]);
    ends.push(() => connection.close());
    const refused = async (address: string) => {
      const [error] = await once(new WebSocket(address), 'error');
      return String(error);
    };

    expect(await refused(url)).toContain('401');
    const { body } = await app.post('/v1.0/gateway/connections/open', {
      clientId: dingtalk.clientId,
      clientSecret: dingtalk.clientSecret,
      subscriptions: [ROBOT],
    });
    now += 90_000;
    expect(await refused(`${body.endpoint}?ticket=${body.ticket}`)).toContain('401');
    expect(dingtalk.streams).toHaveLength(1);
  });

  it('refuses WebSockets for a while when it is told to', async () => {
    const { dingtalk, connect } = await organisation();
    dingtalk.refuseSockets(1);

    await expect(connect(ROBOT)).rejects.toThrow('503');
    await connect(ROBOT);

    expect(dingtalk.streams).toMatchObject([{ subscriptions: [ROBOT], ua: 'test/1.0', isOpen: true }]);
  });
});

describe('Stream mode of the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  it('pushes only to those who are subscribed, and loses what nobody is subscribed to', async () => {
    const { dingtalk, mei, connect } = await organisation();
    const robot = await connect(ROBOT);
    const cards = await connect(CARD);

    mei.type('single', 'help');
    const event = dingtalk.event('user_add_org', { userId: [mei.id] });

    await expect.poll(() => robot.callbacks(), PATIENTLY).toHaveLength(1);
    expect(robot.callbacks()[0]).toMatchObject({
      type: 'CALLBACK',
      headers: {
        topic: ROBOT.topic,
        contentType: 'application/json',
        time: expect.stringMatching(/^\d{13}$/),
      },
    });
    expect(event.connection).toBeUndefined();
    expect(cards.callbacks()).toEqual([]);
  });

  it('chooses one of several connections by chance', async () => {
    const chances = [0.7, 0.2, 0.99];
    const { mei, connect } = await organisation({ random: () => chances.shift() ?? 0 });
    const first = await connect(ROBOT);
    const second = await connect(ROBOT);

    for (const text of ['a', 'b', 'c']) mei.type('single', text);

    const heard = (each: typeof first) => each.callbacks().map(({ data }) => data.text.content);
    await expect.poll(() => [heard(first), heard(second)], PATIENTLY).toEqual([['b'], ['a', 'c']]);
  });

  it('notes what was acknowledged and repeats the same frame on demand', async () => {
    const { dingtalk, mei, connect } = await organisation();
    const bot = await connect(ROBOT, EVENTS);
    const said = mei.type('single', 'list');
    const event = dingtalk.event('user_add_org', { userId: [mei.id] });
    if (said === undefined) throw new Error('the bot was not told');

    dingtalk.redeliver(said);
    await expect.poll(() => bot.callbacks(), PATIENTLY).toHaveLength(3);
    const [one, other, again] = bot.callbacks();
    if (one === undefined || other === undefined) throw new Error('nothing came');
    bot.ack(other, { status: 'LATER' });

    expect(again?.data).toEqual(one.data);
    expect(again?.headers.messageId).toBe(one.headers.messageId);
    expect(other.headers).toMatchObject({ eventType: 'user_add_org', eventCorpId: dingtalk.corpId });
    await expect.poll(() => event.ack, PATIENTLY).toEqual({ code: 200, data: { status: 'LATER' } });
    expect(said.ack).toBeUndefined();
  });

  it('asks every connection whether it lives, and counts the answers', async () => {
    const { dingtalk, connect } = await organisation();
    const polite = await connect(ROBOT);
    await connect(ROBOT);

    dingtalk.pingSockets();
    await expect.poll(() => polite.frames, PATIENTLY).toHaveLength(1);
    const [ping] = polite.frames;
    if (ping === undefined) throw new Error('no ping');
    polite.ack(ping, ping.data);

    expect(ping).toMatchObject({
      type: 'SYSTEM',
      headers: { topic: 'ping' },
      data: { opaque: expect.any(String) },
    });
    await expect.poll(() => dingtalk.streams.map((each) => each.pingsAnswered), PATIENTLY).toEqual([1, 0]);
  });

  it('pings by itself', async () => {
    const { connect } = await organisation({ limits: { pingMs: 20 } });

    const bot = await connect(ROBOT);

    await expect.poll(() => bot.frames.length, PATIENTLY).toBeGreaterThan(2);
  });

  it('announces the end of a connection, sends nothing more over it, and closes it later', async () => {
    const { dingtalk, mei, connect } = await organisation({ limits: { disconnectGraceMs: 300 } });
    const old = await connect(ROBOT);
    dingtalk.disconnectSockets();
    const fresh = await connect(ROBOT);

    for (const text of ['a', 'b', 'c', 'd']) mei.type('single', text);

    await expect.poll(() => fresh.callbacks(), PATIENTLY).toHaveLength(4);
    await expect.poll(() => old.socket.readyState, PATIENTLY).toBe(WebSocket.CLOSED);
    expect(old.frames).toMatchObject([
      { type: 'SYSTEM', headers: { topic: 'disconnect' }, data: { reason: expect.any(String) } },
    ]);
    expect(dingtalk.streams).toHaveLength(1);
  });

  it('cuts connections without a closing handshake', async () => {
    const { dingtalk, connect } = await organisation();
    const bot = await connect(ROBOT);

    dingtalk.cutSockets();

    const [code] = await once(bot.socket, 'close');
    expect(code).toBe(1006);
    await dingtalk.waitForStreams(0);
  });

  it('lets connections go silent, which lose what is sent to them', async () => {
    const { dingtalk, mei, connect } = await organisation();
    const bot = await connect(ROBOT);
    let pongs = 0;
    bot.socket.on('pong', () => (pongs += 1));
    bot.socket.ping();
    await expect.poll(() => pongs, PATIENTLY).toBe(1);

    dingtalk.goSilent();
    bot.socket.ping();
    const lost = mei.type('single', 'anybody there?');
    dingtalk.pingSockets();
    const alive = await connect(CARD);
    dingtalk.pingSockets();
    await expect.poll(() => alive.frames, PATIENTLY).toHaveLength(1);

    expect(lost?.connection).toMatchObject({ isSilent: true, isOpen: true });
    expect(bot.frames).toEqual([]);
    expect(pongs).toBe(1);
  });

  it('sends rubbish when it is told to', async () => {
    const { dingtalk, connect } = await organisation();
    const bot = await connect(ROBOT);

    dingtalk.sendJunk('<html>502</html>');

    await expect.poll(() => bot.texts, PATIENTLY).toEqual(['<html>502</html>']);
  });

  it('bears rubbish', async () => {
    const { dingtalk, mei, connect } = await organisation();
    const bot = await connect(ROBOT);

    for (const junk of [
      '',
      '{',
      '[]',
      '{"headers":7}',
      '{"code":"200","headers":{"messageId":"x"},"data":"{"}',
    ]) {
      bot.socket.send(junk);
    }
    bot.answer = () => ({ response: null });
    const said = mei.type('single', 'still there?');
    if (said === undefined) throw new Error('the bot was not told');

    expect((await dingtalk.waitForAck(said)).ack).toEqual({ code: 200, data: { response: null } });
    expect(dingtalk.streams).toHaveLength(1);
  });
});
