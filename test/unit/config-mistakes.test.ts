import { describe, expect, it } from 'vitest';
import { aRule, problemsIn, smallest } from './a-config.ts';

describe('a mistake in the config', () => {
  const store = smallest().store;
  it.each<[string, object, RegExp]>([
    ['a missing key', { redis: {} }, /^redis\.url: is missing; allowed: /],
    ['a wrong value', { log: { level: 'loud' } }, /^log\.level: is "loud"; allowed: .*warn/],
    ['an unknown key', { wroker: {} }, /^wroker: unknown key/],
    ['an unknown key inside', { log: { lvl: 'info' } }, /^log\.lvl: unknown key/],
    [
      'a wrong duration',
      { download: { lifetime: '1 day' } },
      /^download\.lifetime: is "1 day"; allowed: .*24h/,
    ],
    ['a duration that is too long', { download: { lifetime: '8d' } }, /^download\.lifetime: is "8d"; .*7d/],
    ['a wrong number', { worker: { partSizeMiB: 0 } }, /^worker\.partSizeMiB: is 0; allowed: /],
    ['another database', { redis: { url: 'mysql://x' } }, /^redis\.url: has a wrong value \(not shown\)/],
    [
      'a secret in a list that is too short',
      { store: { ...store, manifestKeys: ['hunter2'] } },
      /^store\.manifestKeys\.0: has a wrong value \(not shown\); allowed: .*32 characters/,
    ],
    ['no clusters', { clusters: [] }, /^clusters: is \[\]; allowed: /],
    [
      'a cluster by no rule',
      { clusters: [{ name: 'CN', inCluster: true }] },
      /^clusters\.0\.name: is "CN"; /,
    ],
    [
      'a cluster nobody can reach',
      { clusters: [{ name: 'cn' }] },
      /^clusters\.0\.kubeconfig: is missing; .*inCluster/,
    ],
    [
      'a cluster that is reached in two ways',
      { clusters: [{ name: 'cn', inCluster: true, kubeconfig: '/k' }] },
      /^clusters\.0\.kubeconfig: is "\/k"; allowed: .*one of the two/,
    ],
    [
      'two clusters of one name',
      {
        clusters: [
          { name: 'cn', inCluster: true },
          { name: 'cn', inCluster: true },
        ],
      },
      /^clusters\.1\.name: is "cn"; allowed: a name that is not used twice/,
    ],
    ['two rules of one name', { rules: [aRule(), aRule()] }, /^rules\.1\.name: is "prod"; .*twice/],
    ['a rule for nobody', { rules: [aRule({ request: [] })] }, /^rules\.0\.request: /],
    [
      'a rule for no namespace',
      { rules: [aRule({ namespaces: undefined })] },
      /^rules\.0\.namespaces: is missing/,
    ],
    [
      'a person without a platform',
      { rules: [aRule({ request: ['alice'] })] },
      /^rules\.0\.request\.0: is "alice"; .*slack:U/,
    ],
    [
      'a review that nobody described',
      { rules: [aRule({ review: 'some' })] },
      /^rules\.0\.review: is "some"; allowed: 'none'/,
    ],
    ['a review by nobody', { rules: [aRule({ review: { by: [] } })] }, /^rules\.0\.review\.by: /],
    [
      'a typo in a review',
      { rules: [aRule({ review: { by: ['everyone'], aprovals: 2 } })] },
      /^rules\.0\.review\.aprovals: unknown key/,
    ],
    [
      'an announcement to a person',
      { rules: [aRule({ review: { by: ['everyone'], announce: ['everyone'] } })] },
      /^rules\.0\.review\.announce\.0: is "everyone"; allowed: .*dingtalk:cid/,
    ],
    ['accounts of one human that are only one', { accounts: [['slack:U0BOB']] }, /^accounts\.0: /],
    [
      'a role where none can be',
      { rules: [aRule({ request: ['requester'] })] },
      /^rules\.0\.request\.0: is "requester"/,
    ],
    ['a way out that there is not', { transfer: { via: 'pigeon' } }, /^transfer\.via: is "pigeon"; .*relay/],
    [
      'a compression that there is not',
      { transfer: { compress: 'zip' } },
      /^transfer\.compress: is "zip"; .*worker/,
    ],
    [
      'a dump without disk that is merely true',
      { rules: [aRule({ allow: { noDisk: true } })] },
      /^rules\.0\.allow\.noDisk: is true; .*on-request/,
    ],
    [
      'a typo in what a rule allows',
      { rules: [aRule({ allow: { podCPU: true } })] },
      /^rules\.0\.allow\.podCPU: unknown key/,
    ],
    ['a bucket by no rule', { store: { ...store, bucket: 'My_Bucket' } }, /^store\.bucket: is "My_Bucket"; /],
    [
      'socket mode without its token',
      { chat: { slack: { botToken: 'x' } } },
      /^chat\.slack\.appToken: is missing; .*xapp-/,
    ],
    [
      'http mode without its secret',
      { chat: { slack: { botToken: 'x', mode: 'http' } } },
      /^chat\.slack\.signingSecret: is missing; /,
    ],
    [
      'a word of the object key that leads elsewhere',
      { clusters: [{ name: 'cn', inCluster: true, env: { value: '..' } }] },
      /^clusters\.0\.env\.value: is "\.\."; /,
    ],
  ])('is named with key, value and what is allowed: %s', (_what, changes, problem) => {
    const problems = problemsIn({ ...smallest(), ...changes });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it('does not hide the next one', () => {
    const problems = problemsIn({ ...smallest(), redis: {}, log: { level: 'loud' }, extra: 1 });

    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'extra',
      'log.level',
      'redis.url',
    ]);
  });

  it('may be an empty file, or one that is no mapping', () => {
    expect(problemsIn('').length).toBeGreaterThan(0);
    expect(problemsIn('- a\n- b\n').length).toBeGreaterThan(0);
    expect(problemsIn('just words').length).toBeGreaterThan(0);
  });

  it.each([
    ['a bracket that is open', 'rules: [a'],
    ['a key that stands twice', 'log: {level: info}\nlog: {level: warn}'],
    ['a glob without quotes, which YAML takes for an alias', 'rules:\n  - pods: [*-api]'],
    ['a star without quotes', 'rules:\n  - pods: [*]'],
    ['a text of two documents', 'a: 1\n---\nb: 2'],
  ])('may be in the YAML itself: %s', (_what, text) => {
    expect(problemsIn(text)[0]).toMatch(/^not YAML: /);
  });
});

describe('a secret in a config with a mistake', () => {
  const SECRET = 'hunter2-s3cret';
  it.each<[string, object]>([
    ['the URL of Redis', { redis: { url: `mysql://:${SECRET}@redis` } }],
    ['the URL of Redis, a level too high', { redis: `redis://:${SECRET}@redis` }],
    ['a token of the wrong kind', { chat: { slack: { botToken: [SECRET], appToken: 'x' } } }],
    ['a token, a level too high', { chat: { slack: SECRET } }],
    [
      'credentials that mix two ways',
      { store: { ...smallest().store, uploadCredentials: { file: '/f', accessKeySecret: SECRET } } },
    ],
    [
      'credentials with half of them missing',
      { store: { ...smallest().store, uploadCredentials: { accessKeySecret: SECRET } } },
    ],
    ['credentials, a level too high', { store: { ...smallest().store, downloadCredentials: SECRET } }],
    [
      'a list of credentials',
      { store: { ...smallest().store, downloadCredentials: [{ accessKeySecret: SECRET }] } },
    ],
    ['a section that is a list', { chat: [{ slack: { botToken: SECRET } }] }],
    ['a whole file that is a list', [{ redis: { url: SECRET } }]],
  ])('is not shown: %s', (_what, changes) => {
    const problems = problemsIn(Array.isArray(changes) ? changes : { ...smallest(), ...changes });

    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(SECRET);
  });

  it('is not shown where the YAML is broken', () => {
    const text = `redis:\n  url: "redis://:${SECRET}@redis\nchat: {slack: ${SECRET}: : x]`;

    expect(problemsIn(text).join('\n')).not.toContain(SECRET);
  });
});
