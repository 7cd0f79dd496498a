/** What was asked of the stand-in, for tests to read. Never a signature, a token or a URL. */
import type { Body } from './body.ts';
import type { Operation } from './operation.ts';

export interface LoggedRequest {
  readonly method: string;
  readonly operation: Operation;
  readonly key: string;
  readonly partNumber: number | undefined;
  readonly accessKeyId: string | undefined;
  /** Undefined where the connection ended without an answer. */
  readonly status: number | undefined;
  /** Of the body, whichever way it went. */
  readonly bytes: number;
}

export class RequestLog {
  /** In the order in which they ended. */
  readonly requests: LoggedRequest[] = [];
  readonly #partBytes = new Map<string, Map<number, number>>();

  /** Bytes of bodies that came in for each part of a key, those that came again and those that broke off included. */
  partBytes(key: string): ReadonlyMap<number, number> {
    return this.#partBytes.get(key) ?? new Map();
  }

  begin(method: string) {
    let operation: Operation = 'Unknown';
    let key = '';
    let partNumber: number | undefined;
    let accessKeyId: string | undefined;
    let bytes = 0;
    let ended = false;
    let ofParts: Map<number, number> | undefined;
    const count = (more: number) => {
      bytes += more;
      if (ofParts !== undefined && partNumber !== undefined)
        ofParts.set(partNumber, (ofParts.get(partNumber) ?? 0) + more);
    };
    /** The first call counts. */
    const end = (status: number | undefined) => {
      if (ended) return;
      ended = true;
      this.requests.push({ method, operation, key, partNumber, accessKeyId, status, bytes });
    };
    return {
      describe: (what: Operation, objectKey: string, part: number | undefined) => {
        [operation, key, partNumber] = [what, objectKey, part];
        if (what !== 'UploadPart') return;
        ofParts = this.#partBytes.get(key) ?? new Map();
        this.#partBytes.set(key, ofParts);
      },
      signedBy: (id: string) => {
        accessKeyId = id;
      },
      /** @param last the number of bytes with which the answer is whole: it is logged before a client can know */
      async *counted(
        body: Body,
        last?: { readonly until: number; readonly status: number },
      ): AsyncGenerator<Buffer> {
        for await (const chunk of body) {
          count(chunk.length);
          if (last !== undefined && bytes >= last.until) end(last.status);
          yield chunk;
        }
      },
      end,
    };
  }
}
