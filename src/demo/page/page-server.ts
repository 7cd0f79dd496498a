/** The demo's page: a chat channel in the browser, over the stand-in workspace, and what goes on behind it. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '../loopback-server.ts';
import { type Action, act, actionBody, type Place } from './actions.ts';
import { BehindWatch, type LookBehind } from './behind-watch.ts';
import { bundlePage, ICON } from './bundle-page.ts';
import { changeFor, messagesFor, pagePeople, viewsOf } from './chat-state.ts';
import { EventStream } from './event-stream.ts';
import { PAGE_HEADERS, refusal } from './gate.ts';
import { type Acted, type Change, ROLES, type Role, type Snapshot } from './page-state.ts';

export interface PageOptions extends Place {
  readonly look: LookBehind;
  /** 0 for any free port. Where it is taken, any free one is. Default 0. */
  readonly port?: number;
}

export interface RunningPage {
  /** Such as `http://127.0.0.1:40000/`. */
  readonly url: string;
  /** Tells every page that is open. */
  stop(): Promise<void>;
}

export async function startPage(options: PageOptions): Promise<RunningPage> {
  const { slack, people } = options;
  const demo = randomUUID();
  const files = await bundlePage();
  const behind = new BehindWatch(options.look);
  const streams = new Set<EventStream>();
  const peopleChanged = new Set<(change: Change) => void>();

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, 'text/plain', 'The demo’s page failed.');
    });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      behind.stop();
      for (const stream of streams) {
        stream.change({ kind: 'stopping' });
        stream.end();
      }
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // What was said last has to leave first.
        setTimeout(() => server.closeAllConnections(), 100);
      });
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = refusal(request, port);
    if (refused !== undefined) return answer(response, refused, 'text/plain', 'Not from there.');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        return answer(response, 200, 'text/html; charset=utf-8', files.html);
      case 'GET /page.js':
        return answer(response, 200, 'text/javascript; charset=utf-8', files.script);
      case 'GET /page.css':
        return answer(response, 200, 'text/css; charset=utf-8', files.style);
      case 'GET /icon.svg':
        return answer(response, 200, 'image/svg+xml', ICON);
      case 'GET /events':
        return follow(response, roleOf(searchParams.get('as')));
      case 'POST /act':
        return reply(response, await received(request));
      default:
        return answer(response, 404, 'text/plain', 'There is nothing here.');
    }
  }

  function follow(response: ServerResponse, you: Role): void {
    const person = people[you];
    const stream = new EventStream(response, PAGE_HEADERS);
    const tell = (change: Change): void => stream.change(change);
    const snapshot: Snapshot = {
      demo,
      you,
      people: pagePeople(options),
      names: names(),
      channel: { id: options.channel.id, name: options.channel.name },
      direct: slack.directChannel(person).id,
      command: options.command,
      messages: messagesFor(options, person),
      behind: behind.last,
      ...viewsOf(slack, person),
    };
    stream.snapshot(snapshot);
    streams.add(stream);
    peopleChanged.add(tell);
    const ends = [
      slack.onMessage((event) => {
        const change = changeFor(options, person, event);
        if (change !== undefined) tell(change);
      }),
      slack.onView((view) => {
        if (view.personId === person.id) tell({ kind: 'views', ...viewsOf(slack, person) });
      }),
      behind.watch((now) => tell({ kind: 'behind', behind: now })),
      () => void streams.delete(stream),
      () => void peopleChanged.delete(tell),
    ];
    response.once('close', () => {
      for (const end of ends) end();
    });
  }

  async function received(request: IncomingMessage): Promise<Acted> {
    const parsed = actionBody.safeParse(parseJson(await readBody(request)));
    if (!parsed.success) return { ok: false, problem: 'bad-request' };
    const { as, action } = parsed.data;
    return await tried(as, action);
  }

  async function tried(role: Role, action: Action): Promise<Acted> {
    try {
      const acted = await act(options, role, action);
      if (action.kind === 'language') {
        for (const tell of peopleChanged) tell({ kind: 'people', people: pagePeople(options) });
      }
      return acted;
    } catch (error) {
      // What the stand-in's client does not let through: a button that is gone, a field left empty.
      return { ok: false, problem: 'refused', text: error instanceof Error ? error.message : String(error) };
    }
  }

  function names(): Record<string, string> {
    const ids = [
      ...Object.values(people).map(({ id }) => id),
      slack.botUserId,
      options.channel.id,
      ...options.groups,
    ];
    return Object.fromEntries(ids.map((id) => [id, slack.nameOf(id) ?? id]));
  }
}

function reply(response: ServerResponse, acted: Acted): void {
  const status = !acted.ok && acted.problem === 'bad-request' ? 400 : 200;
  answer(response, status, 'application/json; charset=utf-8', JSON.stringify(acted));
}

function answer(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...PAGE_HEADERS, 'content-type': type }).end(body);
}

const roleOf = (given: string | null): Role => ROLES.find((role) => role === given) ?? 'developer';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns the port */
async function listen(server: ReturnType<typeof createServer>, wanted: number): Promise<number> {
  const on = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await on(wanted).catch(async (error: NodeJS.ErrnoException) => {
    if (wanted === 0 || (error.code !== 'EADDRINUSE' && error.code !== 'EACCES')) throw error;
    await on(0);
  });
  return (server.address() as AddressInfo).port;
}
