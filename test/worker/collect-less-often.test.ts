import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('a worker’s settings of V8 are ones that this Node knows', async () => {
  const module = new URL('../../src/worker/collect-less-often.ts', import.meta.url).href;
  const program = `const { collectLessOften } = await import('${module}'); collectLessOften(); console.log('on');`;

  const ended = await run(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    // The image's; Node refuses to start where one is not for it.
    { env: { ...process.env, NODE_OPTIONS: '--max-semi-space-size=1' }, timeout: 60_000 },
  );

  // V8 says so there, and goes on, when it does not know a flag.
  expect(ended).toEqual({ stdout: 'on\n', stderr: '' });
});
