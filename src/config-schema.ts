/** The shape of heapdump.yaml. Every object is strict: an unknown key is a mistake, and is named. */
import { z } from 'zod';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `24h`, `7d` → milliseconds. */
const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'a duration such as 90s, 30m, 24h or 7d')
  .transform((text) => {
    const [, count = '0', unit = 'ms'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
    return Number(count) * (UNITS_MS[unit] ?? 1);
  });

const durationOr = (text: string, least: string, most: string) => {
  const [low, high] = [duration.parse(least), duration.parse(most)];
  return duration
    .default(duration.parse(text))
    .refine((ms) => ms >= low && ms <= high, `a duration from ${least} to ${most}`);
};

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and -, at most 63');
const filled = z.string().min(1, 'a value that is not empty');
const globs = z.array(filled).min(1);
const language = z.enum(['en', 'zh-CN']).default('en');
const port = z.number().int().min(0).max(65_535);

/** `everyone`, `slack:U…`, `slack:group:S…`, `dingtalk:0135…`, `dingtalk:group:cid…==`. */
const person = z
  .string()
  .regex(
    /^(everyone|[a-z]+:(group:)?[A-Za-z0-9_.+/=@-]+)$/,
    "'everyone', a person such as slack:U012ABC or a group such as slack:group:S012ABC",
  );
const personOrRole = z.union([z.enum(['requester', 'reviewers']), person], {
  error:
    "'requester', 'reviewers', 'everyone', a person such as slack:U012ABC or a group such as slack:group:S012ABC",
});

const slack = z
  .strictObject({
    mode: z.enum(['socket', 'http']).default('socket'),
    botToken: filled,
    appToken: filled.optional(),
    signingSecret: filled.optional(),
    http: z
      .strictObject({
        host: filled.default('0.0.0.0'),
        port: port.default(3000),
        path: z.string().startsWith('/').default('/slack/events'),
      })
      .prefault({}),
    command: z
      .string()
      .regex(/^\/[a-z0-9_-]{1,31}$/, 'a slash and lower-case letters, such as /heapdump')
      .default('/heapdump'),
    language,
    apiUrl: z.url().optional(),
  })
  .refine((value) => value.mode !== 'socket' || value.appToken !== undefined, {
    path: ['appToken'],
    error: 'needed in socket mode: a token that begins with xapp-',
  })
  .refine((value) => value.mode !== 'http' || value.signingSecret !== undefined, {
    path: ['signingSecret'],
    error: 'needed in http mode: the signing secret from Basic Information',
  });

const dingtalk = z.strictObject({
  clientId: filled,
  clientSecret: filled,
  corpId: z.string().regex(/^ding[A-Za-z0-9]+$/, 'the CorpId of the organisation, which begins with ding'),
  robotCode: filled.optional(),
  cardTemplateId: filled.optional(),
  progress: z.enum(['coarse', 'fine']).default('coarse'),
  language: z.enum(['en', 'zh-CN']).default('zh-CN'),
  /** DingTalk tells no app who reads what. */
  languages: z.record(filled, z.enum(['en', 'zh-CN'])).default({}),
  timeZone: z
    .string()
    .refine((zone) => isTimeZone(zone), 'a time zone such as Asia/Shanghai')
    .default('Asia/Shanghai'),
  messagesPerMinute: z.number().int().min(1).max(1000).default(20),
  announce: z.strictObject({ webhookUrl: z.url(), secret: filled.optional() }).optional(),
  apiUrl: z.url().optional(),
  oapiUrl: z.url().optional(),
});

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Where a word of the object key comes from: the first pod label that is there, else the value. */
const word = (label: string[], value: string) =>
  z
    .strictObject({
      labels: z.array(filled).default(label),
      value: z
        .string()
        .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/, 'letters, digits, ., _ and -, at most 63')
        .default(value),
    })
    .prefault({});

const cluster = z
  .strictObject({
    name,
    kubeconfig: filled.optional(),
    context: filled.optional(),
    inCluster: z.boolean().default(false),
    subprotocol: z.enum(['v4', 'v5']).default('v4'),
    dumpsAtOnce: z.number().int().min(1).max(50).default(4),
    project: word(['app.kubernetes.io/part-of', 'project'], 'default'),
    app: word(['app.kubernetes.io/name', 'app', 'k8s-app'], 'unknown'),
    env: word(['env', 'environment'], 'none'),
  })
  .refine((value) => value.inCluster !== (value.kubeconfig !== undefined), {
    path: ['kubeconfig'],
    error: 'name a kubeconfig file or set inCluster: true, one of the two',
  });

/** Either a key that does not change, or a file that something else keeps fresh (STS). */
const credentials = z.union(
  [
    z.strictObject({ accessKeyId: filled, accessKeySecret: filled, securityToken: filled.optional() }),
    z.strictObject({ file: filled }),
  ],
  {
    error:
      'either accessKeyId and accessKeySecret, or file: a JSON file with AccessKeyId, AccessKeySecret, SecurityToken, Expiration',
  },
);

const store = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "OSS's rule for bucket names"),
  region: filled,
  /** For uploads; inside Alibaba Cloud the internal one. */
  endpoint: z.url(),
  /** For links; the bucket's own domain where cname is set. */
  publicEndpoint: z.url().optional(),
  publicCname: z.boolean().default(false),
  /** For pods that send their dump themselves; the endpoint unless given. */
  podEndpoint: z.url().optional(),
  pathStyle: z.boolean().default(false),
  signatureVersion: z.enum(['v4', 'v1']).default('v4'),
  serverSideEncryption: z.enum(['AES256', 'KMS']).optional(),
  kmsKeyId: filled.optional(),
  storageClass: z.enum(['Standard', 'IA', 'Archive']).default('Standard'),
  /** The first one signs the manifests beside the dumps; each of them vouches for a manifest when Redis is restored. */
  manifestKeys: z.array(z.string().min(32, 'a secret of 32 characters or more')).max(10).default([]),
  uploadCredentials: credentials.optional(),
  downloadCredentials: credentials.optional(),
});

const rule = z.strictObject({
  name: filled,
  clusters: globs.default(['*']),
  namespaces: globs,
  pods: globs.default(['*']),
  request: z.array(person).min(1),
  review: z.union(
    [
      z.literal('none'),
      z.strictObject({
        by: z.array(person).min(1),
        approvals: z.number().int().min(1).max(10).default(1),
        selfApproval: z.boolean().default(false),
        expireAfter: durationOr('30m', '1m', '7d'),
        /** More places where the card stands, also on another platform. */
        announce: z
          .array(
            z
              .string()
              .regex(
                /^[a-z]+:[A-Za-z0-9_+/=-]+$/,
                'a channel such as slack:C012ABC or a conversation such as dingtalk:cid0123==',
              ),
          )
          .default([]),
      }),
    ],
    { error: "'none', or an object with by, approvals, selfApproval, expireAfter, announce" },
  ),
  download: z.array(personOrRole).default(['requester', 'reviewers']),
  cancel: z.array(personOrRole).default(['requester', 'reviewers']),
  allow: z
    .strictObject({
      /** Compressing may spend the pod's CPU. */
      podCpu: z.boolean().default(false),
      /** The JVM may dump into a pipe: then the application stands still as long as the transfer lasts. */
      noDisk: z.enum(['never', 'on-request', 'if-needed']).default('never'),
    })
    .prefault({}),
});

export const configSchema = z
  .strictObject({
    redis: z.strictObject({ url: z.url({ protocol: /^rediss?$/ }) }),
    chat: z.strictObject({ slack: slack.optional(), dingtalk: dingtalk.optional() }),
    clusters: z.array(cluster).min(1),
    store,
    download: z
      .strictObject({
        link: z.enum(['thread', 'private']).default('thread'),
        lifetime: durationOr('24h', '1m', '7d'),
      })
      .prefault({}),
    /** What a request gets whose command says nothing of it. */
    transfer: z
      .strictObject({
        via: z.enum(['auto', 'direct', 'relay']).default('auto'),
        compress: z.enum(['auto', 'worker', 'pod', 'none']).default('auto'),
      })
      .prefault({}),
    rules: z.array(rule).default([]),
    /** One human on several platforms: nobody approves their own request, or twice, with another account. */
    accounts: z.array(z.array(person).min(2)).default([]),
    worker: z
      .strictObject({
        /** A file in tools/ that takes the same three words as jmap-dump-tool. */
        dumpTool: z
          .string()
          .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]+$/, 'the name of a file in tools/')
          .default('jmap-dump-tool'),
        partSizeMiB: z.number().int().min(1).max(512).default(8),
        /** Of all transfers of a worker together. */
        transferMemoryMiB: z.number().int().min(8).max(16_384).default(128),
        lanes: z.number().int().min(1).max(16).default(4),
        attempts: z.number().int().min(1).max(50).default(10),
        takeOverAfter: durationOr('30s', '3s', '10m'),
        dumpTimeout: durationOr('30m', '10s', '12h'),
        transferTimeout: durationOr('6h', '1m', '48h'),
        keepDumpForRetry: durationOr('30m', '0s', '24h'),
        drainTimeout: durationOr('20s', '1s', '10m'),
      })
      .prefault({}),
    /** Of /healthz, /readyz and /metrics; none unless given. */
    health: z.strictObject({ host: filled.default('0.0.0.0'), port }).optional(),
    log: z
      .strictObject({
        level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    for (const [list, path] of [
      [value.clusters, 'clusters'],
      [value.rules, 'rules'],
    ] as const) {
      const names = list.map((item) => item.name);
      names.forEach((item, index) => {
        if (names.indexOf(item) !== index)
          context.addIssue({
            code: 'custom',
            path: [path, index, 'name'],
            input: item,
            message: 'a name that is not used twice',
          });
      });
    }
  });

export type Config = z.output<typeof configSchema>;
export type ClusterConfig = Config['clusters'][number];
