/** One request as an operation sees it, and its answer before it is sent. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Address } from './address.ts';
import type { Body } from './body-trouble.ts';
import type { BucketFiles } from './bucket-files.ts';

export interface Exchange {
  readonly address: Address;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  readonly files: BucketFiles;
  readonly now: () => number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or a stretch of a file (end inclusive). */
  readonly body?: string | { readonly file: string; readonly start: number; readonly end: number };
}

export const xmlAnswer = (xml: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml', ...headers },
  body: xml,
});
