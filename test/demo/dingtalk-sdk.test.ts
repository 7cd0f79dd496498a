/** The stand-in DingTalk with the vendor's own Stream SDK, unmodified: it believes to talk to api.dingtalk.com. */
import { DWClient, GATEWAY_URL, TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import { describe, expect, it, vi } from 'vitest';
import { plainTemplate } from '../../src/demo/dingtalk/dingtalk.ts';
import { dingtalkForTests } from './dingtalk-client.ts';
import { startDingtalkHosts } from './dingtalk-hosts.ts';

describe('the stand-in DingTalk with the package dingtalk-stream', () => {
  const { organisation, ends } = dingtalkForTests();
  async function sdk() {
    const world = await organisation({ templates: [plainTemplate('review.schema')] });
    const hosts = await startDingtalkHosts(world.dingtalk.baseUrl);
    ends.push(
      () => vi.restoreAllMocks(),
      () => vi.unstubAllEnvs(),
      () => hosts.stop(),
    );
    vi.stubEnv('https_proxy', hosts.proxyUrl);
    // The certificate is the proxy's own; Node warns of this once.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    // The SDK tells the console what it does.
    vi.spyOn(console, 'info').mockReturnValue(undefined);
    const { clientId, clientSecret } = world.dingtalk;
    const client = new DWClient({ clientId, clientSecret });
    ends.push(() => client.disconnect());
    return { ...world, client, hosts };
  }

  it('carries what a person says to the bot, and the bot’s answer into the same room', async () => {
    const { dingtalk, ops, mei, client, hosts } = await sdk();
    const heard: { text: { content: string }; sessionWebhook: string }[] = [];
    client.registerCallbackListener(TOPIC_ROBOT, async ({ headers, data }) => {
      const said = JSON.parse(data);
      heard.push(said);
      client.socketCallBackResponse(headers.messageId, null);
      const markdown = { title: '收到', text: `@${said.senderStaffId} 收到` };
      const at = { atUserIds: [said.senderStaffId] };
      await fetch(said.sessionWebhook, {
        method: 'POST',
        body: JSON.stringify({ msgtype: 'markdown', markdown, at }),
      });
    });
    await client.connect();
    await dingtalk.waitForStreams(1);

    mei.type(ops, '/heapdump prod/api-7f9c');
    const answer = await dingtalk.waitForMessage(({ via }) => via === 'session-webhook');

    expect(hosts.asked).toEqual([`${new URL(GATEWAY_URL).hostname}:443`]);
    expect(heard.map(({ text }) => text.content)).toEqual([' /heapdump prod/api-7f9c']);
    expect(answer).toMatchObject({ conversation: ops.id, pings: [mei.id], content: { title: '收到' } });
    await expect
      .poll(() => dingtalk.deliveries[0]?.ack)
      .toMatchObject({ code: 200, data: { response: null } });
  });

  it('changes a card by what the bot answers to a click', async () => {
    const { dingtalk, ops, ann, app, client } = await sdk();
    client.registerCallbackListener(TOPIC_CARD, ({ headers, data }) => {
      const { userId } = JSON.parse(data);
      client.socketCallBackResponse(headers.messageId, {
        cardUpdateOptions: { updateCardDataByKey: true },
        cardData: { cardParamMap: { markdown: `approved by ${userId}`, buttons: '[]' } },
      });
    });
    await client.connect();
    await dingtalk.waitForStreams(1);
    const button = {
      text: 'Approve',
      color: 'blue',
      status: 'normal',
      event: { type: 'sendCardRequest', params: { actionId: 'approve', params: {} } },
    };
    await app.call('/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: 'review.schema',
      outTrackId: 'r1',
      callbackType: 'STREAM',
      cardData: {
        cardParamMap: { title: 'Dump of api', markdown: 'pending', buttons: JSON.stringify([button]) },
      },
      openSpaceId: `dtv1.card//IM_GROUP.${ops.id}`,
      imGroupOpenDeliverModel: { robotCode: dingtalk.robotCode },
    });
    const [card] = dingtalk.messages(ops);
    if (card === undefined) throw new Error('no card');

    const delivery = await ann.press(card, 'approve');

    expect(delivery.personSaw).toBeUndefined();
    expect(ann.read(card)).toBe(`Dump of api\napproved by ${ann.id}`);
  });

  it('fetches a token of the old kind', async () => {
    const { client } = await sdk();

    expect(await client.getAccessToken()).toMatch(/^[0-9a-f]{32}$/);
  });
});
