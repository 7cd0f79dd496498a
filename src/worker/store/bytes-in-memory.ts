/**
 * A part goes out from memory. ali-oss makes a stream of it, and of a streamed request urllib reports a lost connection
 * twice, the second time on stderr, with the URL. So the stream carries its bytes, and they are what is sent.
 */
import { Readable } from 'node:stream';
import type OSS from 'ali-oss';

export class BytesInMemory extends Readable {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    super();
    this.bytes = bytes;
  }

  override _read(): void {
    this.push(this.bytes);
    this.push(null);
  }
}

/** What ali-oss calls its HTTP library with, as far as it matters here. */
interface Urllib {
  request(url: string, args: { readonly stream?: unknown; readonly content?: unknown }): Promise<unknown>;
}

/** @returns the same client */
export function sendingFromMemory(client: OSS): OSS {
  const withLibrary = client as unknown as { urllib: Urllib };
  const { urllib } = withLibrary;
  withLibrary.urllib = {
    request: (url, args) =>
      urllib.request(
        url,
        args.stream instanceof BytesInMemory
          ? { ...args, stream: undefined, content: args.stream.bytes }
          : args,
      ),
  };
  return client;
}
