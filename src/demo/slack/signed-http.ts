/** Without Socket Mode, Slack posts to the bot's request URL and signs: https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createHmac, randomBytes } from 'node:crypto';
import { isObject, type JsonObject } from './block.ts';
import type { Envelope, Receipt, Transport } from './deliveries.ts';

// Long after Slack hung up; so that a late answer is seen and recorded as late.
const HANG_UP_MS = 60_000;

export class SignedHttp implements Transport {
  readonly #url: string;
  readonly #secret: string;
  readonly #now: () => number;
  readonly #stopping = new AbortController();

  constructor(url: string, secret: string, now: () => number) {
    this.#url = url;
    this.#secret = secret;
    this.#now = now;
  }

  /** @throws Error when the bot does not repeat the challenge, as Slack refuses such a URL */
  async verifyUrl(): Promise<void> {
    const challenge = randomBytes(16).toString('hex');
    const body = JSON.stringify({ type: 'url_verification', token: 'verification-token', challenge });
    const response = await this.#post(body, 'application/json', {});
    const text = await response.text();
    if (response.status !== 200 || !text.includes(challenge)) {
      throw new Error(`The request URL did not answer the challenge: HTTP ${response.status}`);
    }
  }

  async send(envelope: Envelope): Promise<Receipt> {
    const { body, type } = bodyOf(envelope);
    const headers: Record<string, string> =
      envelope.retryNum === undefined
        ? {}
        : {
            'x-slack-retry-num': String(envelope.retryNum),
            'x-slack-retry-reason':
              envelope.retryReason === 'timeout' ? 'http_timeout' : (envelope.retryReason ?? ''),
          };
    try {
      const response = await this.#post(body, type, headers);
      const text = await response.text();
      if (!response.ok) return { acked: false, reason: 'http_error' };
      return { acked: true, body: text === '' ? undefined : parsed(text) };
    } catch {
      return { acked: false, reason: 'connection_failed' };
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  #post(body: string, type: string, headers: Record<string, string>): Promise<Response> {
    const timestamp = Math.floor(this.#now() / 1000);
    const signature = createHmac('sha256', this.#secret).update(`v0:${timestamp}:${body}`).digest('hex');
    return fetch(this.#url, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': type,
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': `v0=${signature}`,
        ...headers,
      },
      body,
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(HANG_UP_MS)]),
    });
  }
}

function bodyOf({ kind, payload }: Envelope): { body: string; type: string } {
  if (kind === 'event') return { body: JSON.stringify(payload), type: 'application/json' };
  const form = kind === 'slash_commands' ? flat(payload) : { payload: JSON.stringify(payload) };
  return { body: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' };
}

function flat(payload: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]));
}

/** Plain text is a message of its own, as it is in an acknowledgement over a socket. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { text };
  } catch {
    return { text };
  }
}
