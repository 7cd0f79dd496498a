/** Which bucket and key a request means, as path style, virtual host or the bucket's own domain say it. */
import type { IncomingMessage } from 'node:http';
import { OssError } from './oss-error.ts';

/** A value that is absent and one that is empty are the same to OSS. */
export type Query = ReadonlyMap<string, string>;

export interface Address {
  readonly bucket: string;
  /** Decoded; empty for a request to the bucket itself. */
  readonly key: string;
  readonly query: Query;
  readonly host: string;
}

/** @param cnames hosts, without port, that are the domain of `bucket` itself */
export function parseAddress(request: IncomingMessage, bucket: string, cnames: readonly string[]): Address {
  const host = request.headers.host ?? '';
  const [rawPath = '/', ...rest] = (request.url ?? '/').split('?');
  const path = decode(rawPath).replace(/^\//, '');
  const query = parseQuery(rest.join('?'));
  const hostname = host.replace(/:\d+$/, '');
  if (cnames.includes(hostname)) return { bucket, key: path, query, host };
  const [label = '', ...domain] = hostname.split('.');
  if (domain.length > 0 && !/^[\d.]+$/.test(hostname)) return { bucket: label, key: path, query, host };
  const slash = path.indexOf('/');
  return slash < 0
    ? { bucket: path, key: '', query, host }
    : { bucket: path.slice(0, slash), key: path.slice(slash + 1), query, host };
}

function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    query.set(decodeForm(name), equals < 0 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  return query;
}

const decodeForm = (text: string): string => decode(text.replaceAll('+', ' '));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OssError(400, 'InvalidURI', 'Could not parse the specified URI.', '0002-00000201');
  }
}
