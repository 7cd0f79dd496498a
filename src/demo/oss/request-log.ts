/** What was asked of the stand-in, for tests to read. Never a signature, a token or a URL. */
import type { Body } from './body-trouble.ts';
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

  begin(method: string) {
    let operation: Operation = 'Unknown';
    let key = '';
    let partNumber: number | undefined;
    let accessKeyId: string | undefined;
    let bytes = 0;
    let ended = false;
    const count = (more: number) => {
      bytes += more;
    };
    return {
      count,
      describe: (what: Operation, objectKey: string, part: number | undefined) => {
        [operation, key, partNumber] = [what, objectKey, part];
      },
      signedBy: (id: string) => {
        accessKeyId = id;
      },
      async *counted(body: Body): AsyncGenerator<Buffer> {
        for await (const chunk of body) {
          count(chunk.length);
          yield chunk;
        }
      },
      /** The first call counts. */
      end: (status: number | undefined) => {
        if (ended) return;
        ended = true;
        this.requests.push({ method, operation, key, partNumber, accessKeyId, status, bytes });
      },
    };
  }
}
