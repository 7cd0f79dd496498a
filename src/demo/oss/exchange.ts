/** One request as an operation sees it, and its answer before it is sent. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from './address.ts';
import type { Body } from './body.ts';
import type { BucketFiles } from './bucket-files.ts';
import type { Segment } from './segments.ts';

export interface Exchange {
  readonly address: Address;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  readonly files: BucketFiles;
  readonly now: () => number;
  /** The most entries that a list of parts or uploads gives at a time. */
  readonly largestPage: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or a stretch of an object (end inclusive). */
  readonly body?:
    | string
    | { readonly segments: readonly Segment[]; readonly start: number; readonly end: number };
}

export const xmlAnswer = (xml: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml', ...headers },
  body: xml,
});
