/**
 * Who may talk to the page's server: this machine's browser, and in it nobody but the page itself. The port is open to
 * every page that the browser shows, and a name that is made to point to 127.0.0.1 (DNS rebinding) would even be of the
 * same origin: so the Host has to be ours, and what changes something has to come from our own origin.
 */
import type { IncomingMessage } from 'node:http';

const HOSTS = new Set(['127.0.0.1', 'localhost']);

/** @returns undefined for one who may, else the HTTP status */
export function refusal(request: IncomingMessage, port: number): 403 | 415 | undefined {
  const { host = '', origin, 'sec-fetch-site': site, 'content-type': type = '' } = request.headers;
  const [name = '', given] = host.split(':');
  if (!HOSTS.has(name) || Number(given ?? 80) !== port) return 403;
  if (origin !== undefined && origin !== `http://${host}`) return 403;
  if (request.method !== 'POST') return undefined;
  if (origin === undefined && site !== undefined && site !== 'same-origin') return 403;
  // A form of another page cannot send JSON without asking first.
  return type.split(';')[0] === 'application/json' ? undefined : 415;
}

/** Nothing is loaded from, or sent to, anywhere else. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
