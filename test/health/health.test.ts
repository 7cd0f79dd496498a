import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { type Health, withHealth } from '../../src/health/health.ts';
import { healthAddress } from '../../src/health/health-option.ts';
import { smallest } from '../unit/a-config.ts';

const ADDRESS = { host: '127.0.0.1', port: 0 };
const projectDir = fileURLToPath(new URL('../..', import.meta.url));

describe('a process with a health endpoint', () => {
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });

  async function start(begin: (health: Health) => Promise<void> | void = () => undefined) {
    let stopInner = () => {};
    const innerStopped = new Promise<void>((resolve) => {
      stopInner = resolve;
    });
    const started = await withHealth(ADDRESS, 'bot', async (health) => {
      if (health === undefined) throw new Error('no health');
      await begin(health);
      return { stop: () => innerStopped };
    });
    running.push({
      stop: async () => {
        stopInner();
        await started.stop();
      },
    });
    const get = (path: string, init: RequestInit = {}) => fetch(`${started.healthUrl}${path}`, init);
    return { get, stop: () => started.stop(), stopInner };
  }

  it('is alive and ready once it has started', async () => {
    const { get } = await start((health) => health.addCheck('redis', () => true));

    expect(await (await get('/healthz')).text()).toBe('ok\n');
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ ready: true, checks: { up: true, redis: true } });
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    ['says no', () => false],
    ['breaks', () => Promise.reject(new Error('redis://:secret@host'))],
    ['does not end', () => new Promise(() => undefined)],
  ])('is alive and not ready while a part %s, and tells no more than which', async (_how, check) => {
    const { get } = await start((health) => health.addCheck('redis', check));

    const answer = await get('/readyz');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, checks: { up: true, redis: false } });
    expect((await get('/healthz')).status).toBe(200);
  });

  it('is alive while it stops, and not ready any more: nobody sends it new work', async () => {
    const { get, stop, stopInner } = await start();
    const stopped = stop();

    expect(await (await get('/readyz')).json()).toEqual({ ready: false, checks: { stopping: false } });
    expect((await get('/healthz')).status).toBe(200);
    stopInner();
    await stopped;
    await expect(get('/healthz')).rejects.toThrow();
  });

  it('is alive and not ready while it starts, however long chat cannot be reached', async () => {
    const port = await freePort();
    let [alive, ready]: unknown[] = [];
    const started = await withHealth({ host: '127.0.0.1', port }, 'bot', async () => {
      alive = (await fetch(`http://127.0.0.1:${port}/healthz`)).status;
      ready = await (await fetch(`http://127.0.0.1:${port}/readyz`)).json();
      return { stop: async () => undefined };
    });
    running.push(started);

    expect(alive).toBe(200);
    expect(ready).toEqual({ ready: false, checks: { starting: false } });
  });

  it('has build and process metrics for Prometheus', async () => {
    const { get } = await start();
    const answer = await get('/metrics');
    const text = await answer.text();

    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^heapdump_build_info\{version="\d+\.\d+\.\d+",node="[\d.]+",role="bot"\} 1$/m);
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('takes GET alone, of three paths', async () => {
    const { get } = await start();

    expect((await get('/healthz?verbose')).status).toBe(200);
    expect((await get('/metrics', { method: 'HEAD' })).status).toBe(200);
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics/../config')).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await get('/readyz', { method })).status).toBe(405);
  });

  it('leaves no port open when its start fails', async () => {
    const port = await freePort();
    await expect(
      withHealth({ host: '127.0.0.1', port }, 'bot', () => Promise.reject(new Error('no chat'))),
    ).rejects.toThrow('no chat');
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  it('is none where nobody asked for it; a port of the command line goes before the config’s', () => {
    expect(healthAddress(undefined, undefined)).toBeUndefined();
    expect(healthAddress({ host: '::1', port: 1 }, undefined)).toEqual({ host: '::1', port: 1 });
    expect(healthAddress({ host: '::1', port: 1 }, 2)).toEqual({ host: '::1', port: 2 });
    expect(healthAddress(undefined, 2)).toEqual({ host: '0.0.0.0', port: 2 });
  });
});

describe('a port that another process has', () => {
  it('stops the start with one line that names the setting', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'heapdump-health-'));
    const file = join(folder, 'heapdump.yaml');
    const taken = await withHealth(ADDRESS, 'bot', async () => ({ stop: async () => undefined }));
    const port = new URL(taken.healthUrl ?? '').port;
    await writeFile(file, stringify({ ...smallest(), health: { host: '127.0.0.1', port: Number(port) } }));
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/bot/main.ts', '--config', file], {
      cwd: projectDir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    await taken.stop();
    await rm(folder, { recursive: true, force: true });

    expect(code).toBe(1);
    expect(said).toBe(
      `health.port: 127.0.0.1:${port} cannot be listened on (EADDRINUSE); allowed: a free port, also by --health-port PORT\n`,
    );
  });
});
