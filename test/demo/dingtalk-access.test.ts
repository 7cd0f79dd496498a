/** Who may call the stand-in DingTalk, how often, whom it knows, and how it breaks. */
import { describe, expect, it } from 'vitest';
import { startDingtalk } from '../../src/demo/dingtalk/dingtalk.ts';
import { caller, dingtalkForTests } from './dingtalk-client.ts';

const SEND = '/v1.0/robot/groupMessages/send';

describe('access to the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  it('is by a token that the app’s secret gets, in the place that each API wants', async () => {
    const { dingtalk, app, mei } = await organisation();
    const { clientId: appKey, clientSecret: appSecret } = dingtalk;
    const get = (body: object) => app.post('/v1.0/oauth2/accessToken', body);
    const token = (await get({ appKey, appSecret })).body.accessToken;
    const withHeader = (value: string) => ({ headers: { 'x-acs-dingtalk-access-token': value } });

    expect(await get({ appKey, appSecret })).toEqual({
      status: 200,
      body: { accessToken: expect.any(String), expireIn: 7200 },
    });
    expect(await get({ appKey, appSecret: 'x' })).toMatchObject({
      status: 400,
      body: { code: 'invalidClientIdOrSecret' },
    });
    expect(await get({ appKey })).toMatchObject({ status: 400, body: { code: 'MissingappSecret' } });
    expect(await app.post(`${SEND}?access_token=${token}`, {})).toMatchObject({
      status: 400,
      body: { code: 'AuthenticationFailed.MissingParameter', requestid: expect.any(String) },
    });
    expect(await app.post(SEND, {}, withHeader('x'))).toMatchObject({
      status: 400,
      body: { code: 'InvalidAuthentication', message: '不合法的access_token' },
    });
    expect((await app.post(SEND, {}, withHeader(token))).body.code).toBe('invalidParameter.robotCode.empty');
    const user = { userid: mei.id };
    expect((await app.post('/topapi/v2/user/get', user, withHeader(token))).body).toMatchObject({
      errcode: 88,
      sub_code: '40014',
    });
    expect((await app.post(`/topapi/v2/user/get?access_token=${token}`, user)).body.errcode).toBe(0);
  });

  it('ends with the token’s time, and whenever a test wants', async () => {
    let now = Date.now();
    const { dingtalk, ops, app } = await organisation({ now: () => now, limits: { tokenSeconds: 100 } });
    const say = async () => (await app.sendToGroup(ops.id, 'sampleText', { content: 'x' })).body.code;

    expect(await say()).toBeUndefined();
    now += 100_000;
    expect(await say()).toBe('InvalidAuthentication');
    const again = caller(dingtalk);
    expect((await again.sendToGroup(ops.id, 'sampleText', { content: 'x' })).status).toBe(200);
    dingtalk.endTokens();
    expect((await again.sendToGroup(ops.id, 'sampleText', { content: 'x' })).status).toBe(400);
  });

  it('is for what the app was permitted', async () => {
    const { ops, mei, app } = await organisation({ permissions: [] });

    expect(await app.sendToGroup(ops.id, 'sampleText', { content: 'x' })).toMatchObject({
      status: 403,
      body: {
        code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
        accessdenieddetail: { requiredScopes: ['qyapi_robot_sendmsg'] },
      },
    });
    expect((await app.callOld('/topapi/v2/user/get', { userid: mei.id })).body).toMatchObject({
      errcode: 88,
      sub_code: '60011',
    });
  });

  it('is metered by the month', async () => {
    let now = Date.UTC(2026, 0, 31, 23);
    const { dingtalk, ops, mei, app } = await organisation({ now: () => now, limits: { callsPerMonth: 2 } });
    const say = () => app.sendToGroup(ops.id, 'sampleText', { content: 'x' });

    await say();
    await app.callOld('/topapi/v2/user/get', { userid: mei.id });
    expect(dingtalk.quota.used).toBe(2);
    expect(await say()).toMatchObject({
      status: 403,
      body: {
        code: 'Forbidden.AccessDenied.ApiCountLimitForOrg',
        message: expect.stringContaining('额度:2次'),
      },
    });
    expect(await app.callOld('/topapi/v2/user/get', { userid: mei.id })).toMatchObject({
      status: 200,
      body: { errcode: 90020 },
    });
    dingtalk.quota.limit = 3;
    expect((await say()).status).toBe(200);
    now = Date.UTC(2026, 1, 1);
    expect(dingtalk.quota.used).toBe(0);
    expect(dingtalk.messages(ops)).toHaveLength(2);
  });

  it('is limited by the second, each interface for itself', async () => {
    let now = Date.now();
    const { ops, mei, app } = await organisation({
      now: () => now,
      limits: { callsPerSecond: 2, messagesPerMinute: 'off' },
    });
    const say = async () => (await app.sendToGroup(ops.id, 'sampleText', { content: 'x' })).body.code;
    const ask = async () => (await app.callOld('/topapi/v2/user/get', { userid: mei.id })).body;

    expect([await say(), await say(), await say()]).toEqual([
      undefined,
      undefined,
      'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
    ]);
    await ask();
    await ask();
    expect(await ask()).toMatchObject({ errcode: 88, sub_code: '90018' });
    now += 1000;
    expect(await say()).toBeUndefined();
  });
});

describe('what the stand-in DingTalk knows of people', () => {
  const { organisation } = dingtalkForTests();

  it('is their name and roles, but not the language they read', async () => {
    const { dingtalk, ann, app } = await organisation();
    const guest = dingtalk.addPerson({ name: 'guest', isGuest: true });
    const idle = dingtalk.addPerson({ name: 'idle', isActive: false });
    const gone = dingtalk.addPerson({ name: 'gone' });
    gone.hasLeft = true;
    const role = dingtalk.addRole('SRE', [ann]);
    const about = async (userid: string) => (await app.callOld('/topapi/v2/user/get', { userid })).body;

    const { result } = await about(ann.id);
    expect(result).toMatchObject({
      userid: ann.id,
      unionid: ann.unionId,
      name: 'Ann',
      active: true,
      admin: true,
      role_list: [{ id: role.id, name: 'SRE' }],
    });
    expect(Object.keys(result).filter((key) => /lang|locale/.test(key))).toEqual([]);
    expect((await about(idle.id)).result.active).toBe(false);
    for (const id of [guest.id, gone.id, 'nobody']) expect((await about(id)).errcode).toBe(60121);
  });

  it('lists the people of a role page by page, also when asked by a form', async () => {
    const { dingtalk, mei, ann, app } = await organisation();
    const gone = dingtalk.addPerson({ name: 'gone' });
    gone.hasLeft = true;
    const role = dingtalk.addRole('SRE', [mei, gone, ann]);
    const page = async (body: object) => (await app.callOld('/topapi/role/simplelist', body)).body;

    expect((await page({ role_id: role.id })).result).toEqual({
      list: [
        { userid: mei.id, name: '梅' },
        { userid: ann.id, name: 'Ann' },
      ],
      hasMore: false,
    });
    expect((await page({ role_id: role.id, size: 1, offset: 0 })).result).toMatchObject({
      list: [{ userid: mei.id }],
      hasMore: true,
      nextCursor: 1,
    });
    expect((await page({ role_id: role.id, size: 1, offset: 1 })).result).toMatchObject({
      list: [{ userid: ann.id }],
      hasMore: false,
    });
    expect((await page({ role_id: 7 })).errcode).toBe(60020);
    expect((await page({ role_id: role.id, size: 101, offset: 0 })).errcode).toBe(40035);
    const form = await app.post(
      `/topapi/role/simplelist?access_token=${await app.newToken()}`,
      `role_id=${role.id}`,
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    );
    expect(form.body.result.list).toHaveLength(2);
    expect((await app.callOld('/topapi/role/list', {})).body.result.list[0].roles).toEqual([
      { id: role.id, name: 'SRE' },
    ]);
  });

  it('lists the members of a group only where the app is installed in it', async () => {
    const { dingtalk, mei, ann, ops, app } = await organisation();
    const guest = dingtalk.addPerson({ name: 'guest', isGuest: true });
    ops.members.add(guest.id);
    const plain = dingtalk.addGroup({ title: 'plain', listsMembers: false });
    const list = (openConversationId: string, more: object = {}) =>
      app.call('/v1.0/im/sceneGroups/members/batchQuery', { openConversationId, maxResults: 1, ...more });

    const first = await list(ops.id);
    expect(first.body).toMatchObject({ success: true, memberUserIds: [mei.id], hasMore: true });
    expect((await list(ops.id, { nextToken: first.body.nextToken })).body).toEqual({
      success: true,
      memberUserIds: [ann.id],
      memberUnionIds: [guest.unionId],
      hasMore: false,
    });
    expect((await list(plain.id)).body.code).toBe('sceneGroupNotFound');
    expect((await list('cidNone')).status).toBe(400);
  });
});

describe('trouble with the stand-in DingTalk', () => {
  const { organisation } = dingtalkForTests();

  it('comes as ordered, one fault a call', async () => {
    const { dingtalk, ops, app } = await organisation();
    dingtalk.faults.next(
      SEND,
      { status: 500, code: 'system.busy' },
      { status: 200, body: '{"status":1111,"wait":5,"punish":"deny"}' },
      { errcode: -1, errmsg: '系统繁忙' },
      { doneThen504: true },
      { dropResponseAfterDoing: true },
      { reset: true },
      { delayMs: 1 },
    );
    const say = (content: string) => app.sendToGroup(ops.id, 'sampleText', { content });

    expect(await say('a')).toMatchObject({ status: 500, body: { code: 'system.busy' } });
    expect((await say('b')).body).toEqual({ status: 1111, wait: 5, punish: 'deny' });
    expect((await say('c')).body).toMatchObject({ errcode: -1, errmsg: '系统繁忙' });
    expect((await say('d')).status).toBe(504);
    await expect(say('e')).rejects.toThrow('fetch failed');
    await expect(say('f')).rejects.toThrow('fetch failed');
    expect((await say('g')).status).toBe(200);
    expect(dingtalk.faults.left()).toBe(0);
    expect(dingtalk.messages(ops).map((each) => each.content.text)).toEqual(['d', 'e', 'g']);
  });

  it('can be of one method of a path alone', async () => {
    const { dingtalk, app } = await organisation();
    dingtalk.faults.next('PUT /v1.0/card/instances', { status: 503 });

    await app.call('/v1.0/card/instances/createAndDeliver', {});
    expect((await app.call('/v1.0/card/instances', { outTrackId: 'x' }, 'PUT')).status).toBe(503);
  });

  it('is written down call by call, without secrets', async () => {
    const { dingtalk, ops, app } = await organisation();
    dingtalk.faults.next(SEND, { reset: true });

    await app.sendToGroup(ops.id, 'sampleText', { content: 'x' }).catch(() => undefined);
    await app.sendToGroup('cidNone', 'sampleText', { content: 'x' });

    expect(dingtalk.calls).toMatchObject([
      { method: 'POST', path: '/v1.0/oauth2/accessToken', status: 200, body: { appSecret: '[redacted]' } },
      { path: SEND, status: 0 },
      { path: SEND, status: 400, error: 'invalid.openConversationId', body: { msgKey: 'sampleText' } },
    ]);
    expect(JSON.stringify(dingtalk.calls)).not.toContain(dingtalk.clientSecret);
  });

  it('fails a test whose bot calls what the stand-in does not know', async () => {
    const dingtalk = await startDingtalk();
    const app = caller(dingtalk);

    expect(await app.call('/v1.0/robot/ding/send', {})).toMatchObject({ status: 404 });
    expect((await app.callOld('/topapi/message/send', {})).body.errcode).toBe(22);

    await expect(dingtalk.stop()).rejects.toThrow(
      'nobody expected: POST /v1.0/robot/ding/send, POST /topapi/message/send',
    );
  });

  it('is what a body that is no JSON makes', async () => {
    const { app } = await organisation();

    expect((await app.post('/v1.0/oauth2/accessToken', '{')).status).toBe(400);
    expect((await app.post('/v1.0/oauth2/accessToken', '')).body.code).toBe('Missingbody');
  });

  it('starts with the people and groups that it is given', async () => {
    const { dingtalk } = await organisation({
      corp: { id: 'dingcorp', name: 'Demo' },
      people: [{ id: 'u1', name: '梅' }],
      groups: [{ id: 'cidOps==', title: '运维群' }],
    });

    expect(dingtalk.corpId).toBe('dingcorp');
    expect(dingtalk.person('u1').name).toBe('梅');
    expect(dingtalk.person('u1')).toBe(dingtalk.person('u1'));
    expect(dingtalk.group('运维群')).toBe(dingtalk.group('cidOps=='));
    expect([...dingtalk.group('cidOps==').members]).toEqual(['u1']);
    expect(() => dingtalk.person('u2')).toThrow('there is no person u2');
    expect(() => dingtalk.addPerson({ id: 'u1', name: 'again' })).toThrow('there is a person u1 already');
  });
});
