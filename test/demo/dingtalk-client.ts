/** An organisation with a group and two people, a caller of its APIs and bare Stream connections; ended by the test. */
import { once } from 'node:events';
import { afterEach } from 'vitest';
import WebSocket from 'ws';
import { type Dingtalk, type DingtalkOptions, startDingtalk } from '../../src/demo/dingtalk/dingtalk.ts';

/** Whatever a test waits for may take so long on a slow machine. */
export const PATIENTLY = { timeout: 30_000 };

export const ROBOT = { type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' };
export const CARD = { type: 'CALLBACK', topic: '/v1.0/card/instances/callback' };
export const EVENTS = { type: 'EVENT', topic: '*' };

/** Call at the top of a `describe`. @returns how to start organisations, and where to put what is to be ended */
export function dingtalkForTests() {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  async function organisation(options: DingtalkOptions = {}) {
    // DingTalk's two seconds are right for a bot and too short for a busy test machine.
    const patient = { callbackMs: 60_000, callsPerSecond: 'off' } as const;
    const dingtalk = await startDingtalk({ ...options, limits: { ...patient, ...options.limits } });
    ends.push(() => dingtalk.stop());
    const mei = dingtalk.addPerson({ name: '梅' });
    const ann = dingtalk.addPerson({ name: 'Ann', isAdmin: true });
    const ops = dingtalk.addGroup({ title: '运维群' });
    const connect = async (...topics: { type: string; topic: string }[]) => {
      const { connection } = await bareConnection(
        dingtalk,
        topics.length > 0 ? topics : [ROBOT, CARD, EVENTS],
      );
      ends.push(() => connection.close());
      return connection;
    };
    return { dingtalk, mei, ann, ops, app: caller(dingtalk), connect };
  }
  return { organisation, ends };
}

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says, compared as it is
  readonly body: any;
}

/** Calls both APIs as the app; the token is fetched at first use. */
export function caller(dingtalk: Dingtalk) {
  let token: Promise<string> | undefined;
  const post = async (path: string, body: unknown, init: RequestInit = {}): Promise<Reply> => {
    const answer = await fetch(`${dingtalk.baseUrl}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...init.headers },
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const newToken = async (): Promise<string> => {
    const { clientId: appKey, clientSecret: appSecret } = dingtalk;
    return (await post('/v1.0/oauth2/accessToken', { appKey, appSecret })).body.accessToken;
  };
  const currentToken = () => {
    token ??= newToken();
    return token;
  };
  return {
    post,
    newToken,
    /** The new API, with the token in its header. */
    async call(path: string, body: unknown, method = 'POST'): Promise<Reply> {
      const headers = { 'x-acs-dingtalk-access-token': await currentToken() };
      return post(path, body, { method, headers });
    },
    /** The old API, with the token in the query. */
    async callOld(path: string, body: unknown): Promise<Reply> {
      return post(`${path}?access_token=${await currentToken()}`, body);
    },
    sendToGroup(openConversationId: string, msgKey: string, param: unknown): Promise<Reply> {
      const msgParam = typeof param === 'string' ? param : JSON.stringify(param);
      const body = { robotCode: dingtalk.robotCode, openConversationId, msgKey, msgParam };
      return this.call('/v1.0/robot/groupMessages/send', body);
    },
    sendToPeople(userIds: readonly string[], msgKey: string, param: unknown): Promise<Reply> {
      const body = { robotCode: dingtalk.robotCode, userIds, msgKey, msgParam: JSON.stringify(param) };
      return this.call('/v1.0/robot/oToMessages/batchSend', body);
    },
  };
}

export interface GivenFrame {
  readonly type: string;
  readonly headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says, compared as it is
  readonly data: any;
}

/** A client without any manners: it acknowledges what the test wants. */
export class BareConnection {
  readonly frames: GivenFrame[] = [];
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  /** Answers each callback with this, when set. */
  answer: ((frame: GivenFrame) => unknown) | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (raw) => {
      this.texts.push(String(raw));
      if (!String(raw).startsWith('{')) return;
      const { type, headers, data } = JSON.parse(String(raw));
      const frame = { type, headers, data: JSON.parse(data) };
      this.frames.push(frame);
      if (this.answer !== undefined && type === 'CALLBACK') this.ack(frame, this.answer(frame));
    });
  }

  ack(frame: GivenFrame, data: unknown, code = 200): void {
    const { messageId } = frame.headers;
    const headers = { contentType: 'application/json', messageId };
    this.socket.send(JSON.stringify({ code, headers, message: 'OK', data: JSON.stringify(data) }));
  }

  callbacks(): GivenFrame[] {
    return this.frames.filter(({ type }) => type !== 'SYSTEM');
  }

  close(): void {
    this.socket.terminate();
  }
}

export async function bareConnection(
  dingtalk: Dingtalk,
  subscriptions: readonly { type: string; topic: string }[],
): Promise<{ connection: BareConnection; url: string }> {
  const { clientId, clientSecret } = dingtalk;
  const { body } = await caller(dingtalk).post('/v1.0/gateway/connections/open', {
    clientId,
    clientSecret,
    ua: 'test/1.0',
    subscriptions,
  });
  const url = `${body.endpoint}?ticket=${body.ticket}`;
  const connection = new BareConnection(new WebSocket(url));
  await once(connection.socket, 'open');
  return { connection, url };
}
