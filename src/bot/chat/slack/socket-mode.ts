/**
 * Payloads over WebSockets: https://docs.slack.dev/apis/events-api/using-socket-mode
 *
 * The package can reconnect by itself, but it waits five seconds first, and a reconnect that fails is an unhandled
 * rejection after which it never tries again. So its reconnecting is off, and each connection is a fresh one of Bolt's
 * receivers, watched from here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type App, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { BackOff } from '../back-off.ts';
import { ChatError } from '../chat-platform.ts';
import { chatError, SlackFailure, slackFailure } from './slack-failure.ts';
import { boltLogger, type SlackLog } from './slack-log.ts';
import { clientOptions } from './web-calls.ts';

const HELLO_MS = 15_000;
const GOODBYE_MS = 2000;
/** A connection that ends sooner did not work, however well it began. */
const LASTING_MS = 10_000;
const OPEN = 'apps.connections.open';

interface Connection {
  /** Resolves when it brings nothing any more. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export class SocketModeConnections implements Receiver {
  readonly #appToken: string;
  readonly #apiUrl: string | undefined;
  readonly #log: SlackLog;
  readonly #backOff: BackOff;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  #app: App | undefined;
  #current: Connection | undefined;
  #isConnected = false;
  #supervision: Promise<void> | undefined;

  constructor(options: {
    readonly appToken: string;
    readonly apiUrl: string | undefined;
    readonly log: SlackLog;
    readonly backOff: BackOff;
    readonly now: () => number;
  }) {
    this.#appToken = options.appToken;
    this.#apiUrl = options.apiUrl;
    this.#log = options.log;
    this.#backOff = options.backOff;
    this.#now = options.now;
  }

  init(app: App): void {
    this.#app = app;
  }

  /**
   * Resolves with the first connection, however long Slack cannot be reached.
   * @throws ChatError 'refused' for a token that Slack does not take
   */
  async start(): Promise<void> {
    const first = await this.#keepConnecting({ untilRefused: true });
    this.#supervision = this.#supervise(first);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#isConnected = false;
    await this.#current?.close();
    await this.#supervision;
  }

  async #supervise(first: Connection): Promise<void> {
    let connection = first;
    while (!this.#stopping.signal.aborted) {
      const began = this.#now();
      await connection.ended;
      this.#isConnected = false;
      if (this.#stopping.signal.aborted) return;
      this.#log.info({}, 'slack socket ended, connecting anew');
      // The old one may still have to say goodbye.
      void connection.close();
      try {
        if (this.#now() - began >= LASTING_MS) this.#backOff.reset();
        else await sleep(this.#backOff.next(), undefined, { signal: this.#stopping.signal });
        connection = await this.#keepConnecting({ untilRefused: false });
      } catch {
        // Only stopping ends it.
        return;
      }
    }
  }

  async #keepConnecting(options: { readonly untilRefused: boolean }): Promise<Connection> {
    const { signal } = this.#stopping;
    for (;;) {
      signal.throwIfAborted();
      try {
        const connection = await unlessAborted(this.#connect(), signal, (late) => late.close());
        this.#current = connection;
        this.#isConnected = true;
        this.#log.info({}, 'slack socket connected');
        return connection;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof SlackFailure && error.kind === 'refused') {
          if (options.untilRefused) throw chatError(error);
          // A token that is renewed, or Socket Mode switched on again, needs no restart of the bot.
          this.#log.error({ err: error }, 'slack refuses the socket');
        }
        const pauseMs = this.#backOff.next();
        this.#log.warn({ err: error, pauseMs }, 'slack socket could not be connected');
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  /** @throws SlackFailure */
  async #connect(): Promise<Connection> {
    if (this.#app === undefined) throw new ChatError('refused', 'No app to give payloads to');
    const log = this.#log;
    const receiver = new SocketModeReceiver({
      appToken: this.#appToken,
      logger: boltLogger(log),
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: clientOptions(this.#apiUrl, log) },
      processEventErrorHandler: async ({ error }) => {
        log.warn({ err: error }, 'a payload of Slack was not handled');
        return false;
      },
    });
    receiver.init(this.#app);
    const { client } = receiver;
    const ended = new Promise<void>((resolve) => {
      client.once('disconnected', () => resolve());
      // Slack says so before it closes; the next connection need not wait for the end of this one.
      client.on('ws_message', (data: unknown) => {
        if (isGoodbye(data)) resolve();
      });
    });
    const gone = new Promise<void>((resolve) => client.once('disconnected', () => resolve()));
    const close = async () => {
      await within(GOODBYE_MS, Promise.all([client.disconnect(), gone]));
    };
    const starting = receiver.start();
    // The package may reject it once more after this has given up.
    starting.catch(() => undefined);
    try {
      if ((await within(HELLO_MS, starting)) === 'late') throw new SlackFailure('unknown', OPEN);
    } catch (error) {
      void close().catch(() => undefined);
      throw slackFailure(error, OPEN);
    }
    return { ended, close };
  }
}

/** https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect */
function isGoodbye(data: unknown): boolean {
  if (typeof data !== 'string' || !data.includes('"disconnect"')) return false;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === 'object' && frame !== null && 'type' in frame && frame.type === 'disconnect';
  } catch {
    return false;
  }
}

/** @param tidy up what comes after nobody waits for it any more; @throws the signal's reason */
async function unlessAborted<Thing>(
  coming: Promise<Thing>,
  signal: AbortSignal,
  tidy: (late: Thing) => Promise<void>,
): Promise<Thing> {
  let giveUp = () => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    giveUp = () => resolve('aborted');
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    const first = await Promise.race([coming.then((thing) => ({ thing })), aborted]);
    if (first !== 'aborted') return first.thing;
    coming.then(tidy).catch(() => undefined);
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<'done' | 'late'> {
  const giveUp = new AbortController();
  try {
    return await Promise.race([
      work.then(() => 'done' as const),
      sleep(ms, 'late' as const, { signal: giveUp.signal }),
    ]);
  } finally {
    giveUp.abort();
  }
}
