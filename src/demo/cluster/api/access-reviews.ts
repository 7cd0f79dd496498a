import { z } from 'zod';
import { type Access, type AccessRule, ANONYMOUS } from './access.ts';
import { type Answer, badRequest } from './status-object.ts';

const accessReview = z.object({
  spec: z.object({
    resourceAttributes: z
      .object({
        namespace: z.string().optional(),
        verb: z.string().optional(),
        group: z.string().optional(),
        resource: z.string().optional(),
        subresource: z.string().optional(),
        name: z.string().optional(),
      })
      .optional(),
    nonResourceAttributes: z.object({ path: z.string().optional(), verb: z.string().optional() }).optional(),
  }),
});
const rulesReview = z.object({ spec: z.object({ namespace: z.string() }) });

const GROUP_VERSION = 'authorization.k8s.io/v1';

/** May this user do that? */
export const selfSubjectAccessReview = (access: Access, user: string, body: unknown): Answer => {
  const parsed = accessReview.safeParse(body);
  if (!parsed.success) return badRequest('the object provided is unrecognized');
  const { resourceAttributes: want, nonResourceAttributes } = parsed.data.spec;
  const reason = want
    ? access.reasonToAllow(user, {
        verb: want.verb ?? '',
        group: want.group ?? '',
        resource: want.resource ?? '',
        ...(want.namespace && { namespace: want.namespace }),
        ...(want.subresource && { subresource: want.subresource }),
        ...(want.name && { name: want.name }),
      })
    : isAdmin(access.rulesOf(user)) || (nonResourceAttributes?.verb === 'get' && user !== ANONYMOUS)
      ? ''
      : undefined;
  return {
    status: 201,
    body: {
      kind: 'SelfSubjectAccessReview',
      apiVersion: GROUP_VERSION,
      metadata: { managedFields: [] },
      spec: parsed.data.spec,
      status: { allowed: reason !== undefined, ...(reason !== undefined && { reason }) },
    },
  };
};

/** What may this user do in a namespace? */
export const selfSubjectRulesReview = (access: Access, user: string, body: unknown): Answer => {
  const parsed = rulesReview.safeParse(body);
  if (!parsed.success) return badRequest('no namespace on request');
  const { namespace } = parsed.data.spec;
  const rules = access
    .rulesOf(user)
    .filter((rule) => rule.namespaces.includes('*') || rule.namespaces.includes(namespace));
  const create = (group: string, resources: string[]) => ({
    verbs: ['create'],
    apiGroups: [group],
    resources,
  });
  const get = (nonResourceURLs: string[]) => ({ verbs: ['get'], nonResourceURLs });
  return {
    status: 201,
    body: {
      kind: 'SelfSubjectRulesReview',
      apiVersion: GROUP_VERSION,
      metadata: {},
      spec: {},
      status: {
        resourceRules: [
          create('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
          create('authentication.k8s.io', ['selfsubjectreviews']),
          ...rules.map((rule) => ({
            verbs: rule.verbs,
            apiGroups: rule.apiGroups ?? [''],
            resources: rule.resources,
            ...(rule.resourceNames && { resourceNames: rule.resourceNames }),
          })),
        ],
        nonResourceRules: [
          ...(isAdmin(rules) ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : []),
          get(['/.well-known', '/.well-known/*']),
          get([...DISCOVERY_PATHS]),
          get(['/healthz', '/livez', '/readyz', '/version', '/version/']),
        ],
        incomplete: false,
      },
    },
  };
};

const isAdmin = (rules: AccessRule[]): boolean =>
  rules.some((rule) => [rule.namespaces, rule.verbs, rule.resources].every((list) => list.includes('*')));

/** Everybody who is somebody may read these. */
const DISCOVERY_PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];
