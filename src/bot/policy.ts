/** Who may do what. Pure: people and groups in, a verdict out. No rule, no dump. */
import picomatch from 'picomatch';
import type { Target, TransferTerms } from '../worker/dump-job.ts';
import type { PersonRef } from './chat/message.ts';
import {
  type GuardedWish,
  refusedWish,
  type TransferAllowance,
  type TransferWish,
  transferTermsOf,
  type UsualTransfer,
} from './transfer-terms.ts';

/**
 * Who is meant: `everyone`, a person (`slack:U012ABC`), a group (`slack:group:S012ABC`), and where a request
 * exists `requester` and `reviewers` (those whom the rule lets review).
 */
export type Who = string;

export interface Rule {
  readonly name: string;
  readonly clusters: readonly string[];
  readonly namespaces: readonly string[];
  readonly pods: readonly string[];
  readonly request: readonly Who[];
  /** 'none': the dump starts without a review. */
  readonly review:
    | 'none'
    | {
        readonly by: readonly Who[];
        readonly approvals: number;
        readonly selfApproval: boolean;
        readonly expireAfterMs: number;
        /** Places where a copy of the card is shown as well: `slack:C012ABC`, `dingtalk:cid…==`. */
        readonly announce?: readonly string[];
      };
  readonly download: readonly Who[];
  readonly cancel: readonly Who[];
  readonly allow: TransferAllowance;
}

export interface PersonInGroups {
  readonly person: PersonRef;
  /** Of the groups that the rules name, those that the person is in. */
  readonly groups: ReadonlySet<string>;
  /** The same human on other platforms. */
  readonly alsoKnownAs?: readonly PersonRef[];
}

export type Verdict =
  | { readonly kind: 'allow'; readonly rule: Rule }
  | { readonly kind: 'needs-review'; readonly rule: Rule }
  /** `ask`: who may ask for this target; empty where no rule covers it. */
  | {
      readonly kind: 'deny';
      readonly why: 'no-rule' | 'not-listed';
      readonly rules: readonly string[];
      readonly ask: readonly Who[];
    };

/** The first rule that covers the target and lets the person ask. */
export function decide(rules: readonly Rule[], who: PersonInGroups, target: Target): Verdict {
  const covering = rules.filter((rule) => covers(rule, target));
  const rule = covering.find((candidate) => includes(candidate.request, who));
  if (rule === undefined) {
    return {
      kind: 'deny',
      why: covering.length === 0 ? 'no-rule' : 'not-listed',
      rules: covering.map(({ name }) => name),
      ask: [...new Set(covering.flatMap(({ request }) => request))],
    };
  }
  return { kind: rule.review === 'none' ? 'allow' : 'needs-review', rule };
}

/** A rule without review has no card that could wait; this bounds the look at the pod only. */
const UNREVIEWED_EXPIRE_MS = 30 * 60_000;

/** What a request that is asked for under a rule has to meet, and how its dump may travel. */
export interface Terms {
  readonly rule: string;
  readonly approvalsNeeded: number;
  readonly expireAfterMs: number;
  readonly transfer: TransferTerms;
}

export type TermsVerdict =
  | { readonly kind: 'terms'; readonly terms: Terms }
  | { readonly kind: 'deny'; readonly rule: Rule; readonly wish: GuardedWish };

export function termsOf(rule: Rule, wish: TransferWish, usual: UsualTransfer): TermsVerdict {
  const refused = refusedWish(rule.allow, wish);
  if (refused !== undefined) return { kind: 'deny', rule, wish: refused };
  const { name, review } = rule;
  return {
    kind: 'terms',
    terms: {
      rule: name,
      approvalsNeeded: review === 'none' ? 0 : review.approvals,
      expireAfterMs: review === 'none' ? UNREVIEWED_EXPIRE_MS : review.expireAfterMs,
      transfer: transferTermsOf(rule.allow, wish, usual),
    },
  };
}

export function covers(rule: Pick<Rule, 'clusters' | 'namespaces' | 'pods'>, target: Target): boolean {
  return (
    matches(rule.clusters, target.cluster) &&
    matches(rule.namespaces, target.namespace) &&
    matches(rule.pods, target.pod)
  );
}

export type ReviewVerdict = 'ok' | 'not-a-reviewer' | 'own-request';

/** May this person approve or deny? Denying one's own request is cancelling it, so it follows the same rule. */
export function mayReview(rule: Rule, requester: PersonRef, who: PersonInGroups): ReviewVerdict {
  if (rule.review === 'none' || !includes(rule.review.by, who)) return 'not-a-reviewer';
  if (isSameHuman(who, requester) && !rule.review.selfApproval) return 'own-request';
  return 'ok';
}

export const isSameHuman = ({ person, alsoKnownAs = [] }: PersonInGroups, other: PersonRef): boolean =>
  person === other || alsoKnownAs.includes(other);

export const mayDownload = (rule: Rule, requester: PersonRef, who: PersonInGroups): boolean =>
  mayWithRequest(rule, rule.download, requester, who);

export const mayCancel = (rule: Rule, requester: PersonRef, who: PersonInGroups): boolean =>
  mayWithRequest(rule, rule.cancel, requester, who);

/** May this person see that the request exists? Whoever has a part in it, or could have one. */
export const maySee = (rule: Rule, requester: PersonRef, who: PersonInGroups): boolean =>
  who.person === requester ||
  includes(rule.request, who) ||
  mayDownload(rule, requester, who) ||
  mayCancel(rule, requester, who) ||
  (rule.review !== 'none' && includes(rule.review.by, who));

/** Every group that the rules name: what a platform must look up for a person. */
export function groupsNamed(rules: readonly Rule[]): string[] {
  const everyone = rules.flatMap((rule) => [
    ...rule.request,
    ...rule.download,
    ...rule.cancel,
    ...(rule.review === 'none' ? [] : rule.review.by),
  ]);
  return [...new Set(everyone.filter((who) => who.includes(':group:')))];
}

function mayWithRequest(
  rule: Rule,
  list: readonly Who[],
  requester: PersonRef,
  who: PersonInGroups,
): boolean {
  if (includes(list, who)) return true;
  if (list.includes('requester') && who.person === requester) return true;
  return list.includes('reviewers') && rule.review !== 'none' && includes(rule.review.by, who);
}

function includes(list: readonly Who[], who: PersonInGroups): boolean {
  return list.some((entry) => entry === 'everyone' || entry === who.person || who.groups.has(entry));
}

/** A glob with `!` leaves out what it names, whatever else matches: to picomatch alone `['*', '!prod']` has prod in it. */
function matches(globs: readonly string[], name: string): boolean {
  const isMatch = (glob: string): boolean => picomatch.isMatch(name, glob, { dot: true });
  const listed = globs.filter((glob) => !glob.startsWith('!'));
  const leftOut = globs.filter((glob) => glob.startsWith('!'));
  return (listed.length === 0 || listed.some(isMatch)) && leftOut.every(isMatch);
}
