/** The smallest config that is taken, and how to try others. */
import { stringify } from 'yaml';
import { ConfigError, type Environment, parseConfig, type Role } from '../../src/config.ts';
import type { Config } from '../../src/config-schema.ts';

export const smallest = () => ({
  redis: { url: 'redis://127.0.0.1:6379' },
  chat: { slack: { botToken: 'xoxb-1', appToken: 'xapp-1' } },
  clusters: [{ name: 'cn-1', inCluster: true }],
  store: { bucket: 'dumps', region: 'oss-cn-hangzhou', endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' },
});
export const aRule = (changes: object = {}) => ({
  name: 'prod',
  namespaces: ['prod'],
  request: ['everyone'],
  review: 'none',
  ...changes,
});

export const parsed = (config: object | string, environment: Environment = {}, role: Role = 'both'): Config =>
  parseConfig(typeof config === 'string' ? config : stringify(config), environment, role);

export function problemsOf(use: () => unknown): readonly string[] {
  try {
    use();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('The config was taken');
}
export const problemsIn = (config: object | string, environment: Environment = {}, role: Role = 'both') =>
  problemsOf(() => parsed(config, environment, role));
