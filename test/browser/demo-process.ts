/** The demo as people start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface DemoProcess {
  readonly url: string;
  /** As Ctrl-C does. @returns the exit code */
  interrupt(): Promise<number | null>;
}

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

/** @throws Error with what it said, if it ends before its page is there */
export async function startDemo(...args: string[]): Promise<DemoProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/demo/main.ts', '--port', '0', ...args], {
    cwd: projectDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await addressIn(child);
  return {
    url,
    async interrupt() {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}

function addressIn(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const heard = (chunk: string): void => {
      said += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', heard);
    child.once('exit', (code) => reject(new Error(`The demo ended with ${code}: ${said}`)));
  });
}
