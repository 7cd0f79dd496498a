/**
 * ali-oss takes no AbortSignal. What it does take is an agent: one of these, lent for a single
 * call, hands every request on to the shared keep-alive agent and remembers it, so that the call can be cut off.
 */
import type { Agent, ClientRequest } from 'node:http';

/** What every agent has and no type says: https://nodejs.org/api/http.html has it only in passing. */
interface Adding extends Agent {
  addRequest(request: ClientRequest, options: object): void;
}

/** A host that does not answer is known sooner than a slow one. */
const CONNECT_TIMEOUT_MS = 10_000;

export class CutOff extends Error {
  override readonly name = 'CutOff';
}

export class OneCall {
  readonly #requests = new Set<ClientRequest>();

  lend<T extends Agent>(shared: T): T {
    const addRequest = (request: ClientRequest, options: object): void => {
      this.#remember(request);
      (shared as Agent as Adding).addRequest(request, options);
    };
    return Object.create(shared, { addRequest: { value: addRequest } });
  }

  cutOff(reason: string): void {
    // A fresh error: urllib writes URL and headers into the one that it meets.
    for (const request of this.#requests) request.destroy(new CutOff(reason));
  }

  #remember(request: ClientRequest): void {
    this.#requests.add(request);
    request.once('close', () => this.#requests.delete(request));
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(
        () => request.destroy(new CutOff(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
        CONNECT_TIMEOUT_MS,
      );
      const clear = () => clearTimeout(timer);
      socket.once('connect', clear);
      request.once('close', clear);
    });
  }
}
