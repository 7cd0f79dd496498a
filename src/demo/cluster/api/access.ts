import { randomBytes } from 'node:crypto';
import { type Answer, forbidden } from './status-object.ts';

/** One RBAC rule, bound to namespaces. '*' stands for all of anything. */
export interface AccessRule {
  namespaces: string[];
  verbs: string[];
  /** 'pods', 'pods/exec', … */
  resources: string[];
  /** Only the core group ('') unless named. */
  apiGroups?: string[];
  resourceNames?: string[];
}

/** What a request wants, as the API server reads it from method and path. */
export interface ResourceRequest {
  verb: string;
  group: string;
  namespace?: string;
  resource: string;
  subresource?: string;
  name?: string;
}

export const ANONYMOUS = 'system:anonymous';

/** admin, worker, exec-get, exec-create and nobody, as in the recordings' README; worker's namespace is prod. */
export const DEFAULT_USERS: Record<string, AccessRule[]> = {
  admin: [{ namespaces: ['*'], verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  worker: [
    { namespaces: ['prod'], verbs: ['get'], resources: ['pods'] },
    { namespaces: ['prod'], verbs: ['get', 'create'], resources: ['pods/exec'] },
  ],
  'exec-get': [{ namespaces: ['prod'], verbs: ['get'], resources: ['pods/exec'] }],
  'exec-create': [{ namespaces: ['prod'], verbs: ['create'], resources: ['pods/exec'] }],
  nobody: [],
};

const within = (list: string[], value: string): boolean => list.includes('*') || list.includes(value);

const fits = (rule: AccessRule, want: ResourceRequest): boolean =>
  (rule.namespaces.includes('*') ||
    (want.namespace !== undefined && rule.namespaces.includes(want.namespace))) &&
  within(rule.verbs, want.verb) &&
  within(rule.apiGroups ?? [''], want.group) &&
  within(rule.resources, want.subresource ? `${want.resource}/${want.subresource}` : want.resource) &&
  (rule.resourceNames === undefined || (want.name !== undefined && rule.resourceNames.includes(want.name)));

/** Who is who, and who may what. Tokens are made here and live as long as the cluster. */
export class Access {
  readonly #rules = new Map<string, AccessRule[]>();
  readonly #tokens = new Map<string, string>();

  constructor(users: Record<string, AccessRule[]>) {
    for (const [user, rules] of Object.entries(users)) this.setUser(user, rules);
  }

  /** Adds a user, or changes what one may from now on. */
  setUser(user: string, rules: AccessRule[]): void {
    this.#rules.set(user, rules);
    if (!this.#tokens.has(user)) this.#tokens.set(user, randomBytes(24).toString('base64url'));
  }

  token(user: string): string {
    const token = this.#tokens.get(user);
    if (token === undefined) throw new RangeError(`No such user: ${user}`);
    return token;
  }

  /** From now on the old token answers 401, as after a service account's token was rotated. */
  rotateToken(user: string): string {
    this.token(user);
    this.#tokens.delete(user);
    this.setUser(user, this.rulesOf(user));
    return this.token(user);
  }

  /** The user of an Authorization header; undefined means 401. */
  userOf(authorization: string | undefined): string | undefined {
    if (authorization === undefined) return ANONYMOUS;
    const token = /^Bearer (.+)$/i.exec(authorization)?.[1];
    for (const [user, known] of this.#tokens) if (known === token) return user;
    return undefined;
  }

  rulesOf(user: string): AccessRule[] {
    return this.#rules.get(user) ?? [];
  }

  /** The rule's reason, or undefined when nothing allows it. */
  reasonToAllow(user: string, want: ResourceRequest): string | undefined {
    if (isOwnReview(want) && user !== ANONYMOUS) {
      return 'RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"';
    }
    const rule = this.rulesOf(user).find((candidate) => fits(candidate, want));
    if (!rule) return undefined;
    return rule.namespaces.includes('*')
      ? `RBAC: allowed by ClusterRoleBinding "${user}" of ClusterRole "${user}" to User "${user}"`
      : `RBAC: allowed by RoleBinding "${user}/${want.namespace}" of Role "${user}" to User "${user}"`;
  }

  /** The 403 for a request, or undefined when it is allowed. */
  refusal(user: string, want: ResourceRequest): Answer | undefined {
    if (this.reasonToAllow(user, want) !== undefined) return undefined;
    const resource = want.subresource ? `${want.resource}/${want.subresource}` : want.resource;
    const scope =
      want.namespace === undefined ? 'at the cluster scope' : `in the namespace "${want.namespace}"`;
    const named = want.name === undefined ? '' : ` "${want.name}"`;
    const of = want.group === '' ? want.resource : `${want.resource}.${want.group}`;
    return forbidden(
      `${of}${named} is forbidden: User "${user}" cannot ${want.verb} resource "${resource}" in API group "${want.group}" ${scope}`,
      {
        ...(want.name !== undefined && { name: want.name }),
        ...(want.group !== '' && { group: want.group }),
        kind: want.resource,
      },
    );
  }
}

const isOwnReview = (want: ResourceRequest): boolean =>
  want.verb === 'create' &&
  want.group === 'authorization.k8s.io' &&
  ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'].includes(want.resource);
