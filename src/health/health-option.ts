/** `--health-port`: several processes of one machine can share a config file, but no port. */
import { InvalidArgumentError, Option } from 'commander';
import type { HealthAddress } from './serve-health.ts';

export const healthPortOption = (): Option =>
  new Option(
    '--health-port <port>',
    'where /healthz, /readyz and /metrics are; before the config’s health.port',
  ).argParser((text) => {
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('allowed: 0 to 65535.');
    return port;
  });

const EVERYWHERE = '0.0.0.0';

/** @returns undefined where neither says anything: no port is opened that nobody asked for */
export function healthAddress(
  configured: HealthAddress | undefined,
  port: number | undefined,
): HealthAddress | undefined {
  if (port === undefined) return configured;
  return { host: configured?.host ?? EVERYWHERE, port };
}
