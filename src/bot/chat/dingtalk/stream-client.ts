/**
 * Keeps one connection of Stream mode up. The vendor's package multiplies its connections when the socket fails and
 * throws from timers, so that this is our own: a fresh socket each time, and one place that decides on the next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackOff } from '../back-off.ts';
import { chatError, isRefused } from './dingtalk-failure.ts';
import { type Connection, connectStream, type StreamOptions } from './stream-connection.ts';

/** A connection that ends sooner did not work, however well it began. */
const LASTING_MS = 10_000;
/** One that is told to go sooner must not be followed at once by the next. */
const LEAST_MS = 1000;

export class StreamClient {
  readonly #options: StreamOptions;
  readonly #backOff: BackOff;
  readonly #stopping = new AbortController();
  /** Those that say goodbye as well. */
  readonly #open = new Set<Connection>();
  #supervision: Promise<void> | undefined;
  #isConnected = false;

  constructor(options: StreamOptions, backOff: BackOff) {
    this.#options = options;
    this.#backOff = backOff;
  }

  /**
   * Resolves with the first connection, however long DingTalk cannot be reached.
   * @throws ChatError 'refused' for credentials that DingTalk does not take
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
    await Promise.all([...this.#open].map((connection) => connection.close()));
    await this.#supervision;
  }

  async #supervise(first: Connection): Promise<void> {
    const { signal } = this.#stopping;
    let connection = first;
    try {
      while (!signal.aborted) {
        const began = performance.now();
        const end = await connection.ended;
        // Where the end is planned, it still brings what comes.
        this.#isConnected = end !== 'lost';
        signal.throwIfAborted();
        this.#options.log.info({ end }, 'dingtalk socket ends, connecting anew');
        const livedMs = performance.now() - began;
        if (livedMs >= LASTING_MS) this.#backOff.reset();
        // Where the end is planned, the old one goes on until the new one is there.
        else if (end === 'lost' || livedMs < LEAST_MS)
          await sleep(this.#backOff.next(), undefined, { signal });
        connection = await this.#keepConnecting({ untilRefused: false });
      }
    } catch (error) {
      // Only stopping ends it.
      if (!signal.aborted) throw error;
    }
  }

  async #keepConnecting(options: { readonly untilRefused: boolean }): Promise<Connection> {
    const { signal } = this.#stopping;
    const { log } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        const connection = await connectStream(this.#options, signal);
        this.#open.add(connection);
        void connection.closed.then(() => this.#open.delete(connection));
        if (signal.aborted) await connection.close();
        signal.throwIfAborted();
        this.#isConnected = true;
        log.info({}, 'dingtalk socket connected');
        return connection;
      } catch (error) {
        signal.throwIfAborted();
        if (isRefused(error)) {
          if (options.untilRefused) throw chatError(error);
          // A secret that is renewed, or Stream mode switched on again, needs no restart of the bot.
          log.error({ err: error }, 'dingtalk refuses the socket');
        }
        const pauseMs = this.#backOff.next();
        log.warn({ err: error, pauseMs }, 'dingtalk socket could not be connected');
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }
}
