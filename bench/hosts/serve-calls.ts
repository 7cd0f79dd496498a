/**
 * A stand-in in a process of its own, asked by messages: what it costs must not be charged to what is measured, as it
 * would be on one event loop.
 */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type AnswerMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: string };

/**
 * Answers calls until the parent goes, however it goes.
 * @param stop ends all that the calls have started
 */
export function serveCalls(calls: Calls, stop: () => Promise<void>): void {
  // The terminal sends it to everybody; the parent tidies up, and then we are disconnected.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => void stop().finally(() => process.exit()));
  process.on('message', async ({ id, name, argument }: CallMessage) => {
    const answer = await callOne(calls, name, argument).then(
      (result): AnswerMessage => ({ id, result }),
      (error: unknown): AnswerMessage => ({ id, failed: String(error) }),
    );
    if (process.connected) process.send?.(answer);
  });
}

async function callOne(calls: Calls, name: string, argument: unknown): Promise<unknown> {
  const call = calls[name];
  if (call === undefined) throw new Error(`No such call: ${name}`);
  return call(argument as never);
}
