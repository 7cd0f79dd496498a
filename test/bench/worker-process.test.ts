import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { imageEnv } from '../../bench/ways/worker-process.ts';

it('the worker that is measured has the environment of the image', () => {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');

  expect(imageEnv(dockerfile)).toEqual({
    NODE_ENV: 'production',
    MALLOC_ARENA_MAX: '2',
    NODE_OPTIONS: '--max-semi-space-size=1',
  });
});
