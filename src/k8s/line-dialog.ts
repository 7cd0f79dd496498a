import type { Cluster } from './client.ts';
import { openExec } from './exec.ts';
import type { ExecOptions, ExecResult, ExecSession, ExecTarget } from './exec-options.ts';

/** Far more than a path's length; a line that is longer comes from something that is not our script. */
const LONGEST_LINE = 64 * 1024;

/** A script that answers by lines. */
export interface LineDialog {
  readonly session: ExecSession;
  /** @returns undefined at the end of the output @throws ExecError, or Error on an endless line */
  nextLine(): Promise<string | undefined>;
}

/** Starts an exec whose stdout is read line by line; stdin stays open. @throws ExecError */
export const openLineDialog = async (
  cluster: Cluster,
  target: ExecTarget,
  options: Pick<ExecOptions, 'argv' | 'signal' | 'timeoutMs' | 'subprotocol'>,
): Promise<LineDialog> => {
  let rest = '';
  const lines: string[] = [];
  let wake = (): void => {};
  let end: { result?: ExecResult; error?: unknown } | undefined;
  const session = await openExec(cluster, target, {
    ...options,
    keepStdinOpen: true,
    onStdout: (chunk) => {
      // Latin-1 keeps a character that is cut in two; what our scripts print is ASCII but for error texts.
      rest += chunk.toString('latin1');
      const complete = rest.split('\n');
      rest = complete.pop() ?? '';
      lines.push(...complete);
      if (rest.length > LONGEST_LINE) throw new Error('Line is too long');
      wake();
    },
  });
  const finish = (how: { result?: ExecResult; error?: unknown }): void => {
    end = how;
    wake();
  };
  session.done.then(
    (result) => finish({ result }),
    (error: unknown) => finish({ error }),
  );
  return {
    session,
    nextLine: async () => {
      for (;;) {
        const line = lines.shift();
        if (line !== undefined) return line;
        if (end !== undefined) {
          if ('error' in end) throw end.error;
          return undefined;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
};
