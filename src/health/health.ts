/**
 * What an orchestrator and Prometheus ask of a process, on a port of its own: is it alive, is it ready, what has it
 * done. The parts of bot and worker bring their own checks and metrics; nothing of them is known here.
 */
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type HealthAddress, serveHealth } from './serve-health.ts';

export interface Health {
  readonly registry: Registry;
  /** A part without which this process is of no use to anybody. @param check false, or a throw, for not now */
  addCheck(name: string, check: () => boolean | Promise<boolean>): void;
}

interface Stoppable {
  stop(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2000;

/**
 * Starts something with a health endpoint around it: alive from before its start, ready from after it until it is told
 * to stop, and there until it has stopped.
 * @param address undefined for no endpoint: then `start` is given no health either
 * @throws what `start` throws; Error for a port that cannot be had
 */
export async function withHealth<Running extends Stoppable>(
  address: HealthAddress | undefined,
  role: string,
  start: (health: Health | undefined) => Promise<Running>,
): Promise<Stoppable & { readonly healthUrl?: string }> {
  if (address === undefined) return start(undefined);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  buildGauge(registry, role);
  const checks = new Map<string, () => boolean | Promise<boolean>>();
  let phase: 'starting' | 'up' | 'stopping' = 'starting';
  const server = await serveHealth(address, {
    registry,
    readiness: async () => {
      const results = await Promise.all(
        [...checks].map(async ([name, check]) => [name, await passes(check)] as const),
      );
      return {
        ready: phase === 'up' && results.every(([, good]) => good),
        checks: { [phase]: phase === 'up', ...Object.fromEntries(results) },
      };
    },
  });
  let running: Running;
  try {
    running = await start({ registry, addCheck: (name, check) => void checks.set(name, check) });
  } catch (error) {
    await server.stop();
    throw error;
  }
  phase = 'up';
  return {
    healthUrl: server.url,
    async stop() {
      phase = 'stopping';
      try {
        await running.stop();
      } finally {
        await server.stop();
      }
    },
  };
}

async function passes(check: () => boolean | Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([(async () => check())(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function buildGauge(registry: Registry, role: string): void {
  const file = new URL('../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : '';
  new Gauge({
    name: 'heapdump_build_info',
    help: 'Always 1; which version runs here, on which Node, and as what.',
    labelNames: ['version', 'node', 'role'],
    registers: [registry],
  }).set({ version: String(version), node: process.versions.node, role }, 1);
}
