/** One who talks to the demo page's server as a browser does, without one. */
import { type IncomingMessage, request } from 'node:http';
import type { Behind, Change, Role, Snapshot } from '../../src/demo/page/page-state.ts';

export const NOTHING_BEHIND: Behind = {
  pods: [],
  queue: { waiting: 0, active: 0, ended: 0, jobs: [] },
  bucket: { name: 'heap-dumps', objects: [], arriving: [] },
  audit: [],
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** fetch() lets nobody choose Host and Origin. */
export function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.once('error', reject).end(body);
  });
}

export async function act(url: string, as: Role, action: Record<string, unknown>): Promise<unknown> {
  const answer = await ask(new URL('/act', url).href, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as, action }),
  });
  return JSON.parse(answer.body);
}

/** A page that is open. */
export interface Follower {
  readonly snapshot: Snapshot;
  /** All so far. */
  readonly changes: readonly Change[];
  /** True once the server has hung up. */
  readonly ended: () => boolean;
  close(): void;
}

export async function follow(url: string, as: Role): Promise<Follower> {
  const changes: Change[] = [];
  let ended = false;
  return await new Promise((resolve, reject) => {
    const sent = request(new URL(`/events?as=${as}`, url), (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const events = (rest + chunk).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const [, name, json] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
          if (name === 'change') changes.push(JSON.parse(json ?? ''));
          if (name !== 'snapshot') continue;
          const snapshot: Snapshot = JSON.parse(json ?? '');
          resolve({ snapshot, changes, ended: () => ended, close: () => sent.destroy() });
        }
      });
      response.once('close', () => {
        ended = true;
      });
    });
    sent.on('error', reject).end();
  });
}
