/** The config that points the real bot and worker at the demo's servers, as text: it goes through the same door as any. */
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';

export interface DemoConfig {
  readonly redisUrl: string;
  readonly slack?:
    | {
        readonly apiUrl: string;
        readonly botToken: string;
        readonly appToken: string;
        readonly signingSecret: string;
      }
    | undefined;
  readonly dingtalk?:
    | {
        readonly dingtalk: {
          readonly baseUrl: string;
          readonly clientId: string;
          readonly clientSecret: string;
          readonly corpId: string;
        };
        readonly cardTemplateId: string | undefined;
      }
    | undefined;
  readonly cluster: { readonly name: string; readonly kubeconfig: string; readonly context?: string };
  readonly oss: {
    readonly bucket: string;
    readonly region: string;
    readonly endpoint: string;
    readonly upload: { readonly id: string; readonly secret: string };
    readonly download: { readonly id: string; readonly secret: string };
  };
  /** One for each chat. */
  readonly reviewersGroup: string | readonly string[];
  readonly logLevel: string;
}

export const demoConfig = (demo: DemoConfig): Record<string, unknown> => ({
  redis: { url: demo.redisUrl },
  chat: {
    ...(demo.slack === undefined
      ? {}
      : { slack: { mode: 'socket', ...demo.slack, command: '/heapdump', language: 'en' } }),
    ...(demo.dingtalk === undefined ? {} : { dingtalk: dingtalkConfig(demo.dingtalk) }),
  },
  clusters: [
    {
      name: demo.cluster.name,
      kubeconfig: demo.cluster.kubeconfig,
      ...(demo.cluster.context === undefined ? {} : { context: demo.cluster.context }),
    },
  ],
  store: {
    bucket: demo.oss.bucket,
    region: demo.oss.region,
    endpoint: demo.oss.endpoint,
    pathStyle: true,
    manifestKeys: [randomBytes(24).toString('base64url')],
    uploadCredentials: { accessKeyId: demo.oss.upload.id, accessKeySecret: demo.oss.upload.secret },
    downloadCredentials: { accessKeyId: demo.oss.download.id, accessKeySecret: demo.oss.download.secret },
  },
  rules: [
    {
      name: 'demo',
      namespaces: ['*'],
      request: ['everyone'],
      review: { by: [demo.reviewersGroup].flat() },
      allow: { podCpu: true, noDisk: 'if-needed' },
    },
  ],
  log: { level: demo.logLevel },
});

const dingtalkConfig = ({ dingtalk, cardTemplateId }: NonNullable<DemoConfig['dingtalk']>) => ({
  clientId: dingtalk.clientId,
  clientSecret: dingtalk.clientSecret,
  corpId: dingtalk.corpId,
  ...(cardTemplateId === undefined ? {} : { cardTemplateId }),
  language: 'zh-CN',
  timeZone: 'Asia/Shanghai',
  apiUrl: dingtalk.baseUrl,
  oapiUrl: dingtalk.baseUrl,
});

/** `over` wins, key by key; lists are taken whole. */
export function mergeConfig(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, mergeConfig(base[key], over[key])]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

export const configText = (config: unknown): string => stringify(config);
