/** Every sentence that the product says, by key. One file a language fills it; a test compares them. */
import type { FailureCode, RetryKind, Step } from '../../worker/dump-job.ts';
import type { UsageProblem } from '../command.ts';
import type { MoveProblem, RequestState } from '../dump-request.ts';

export interface FailureWords {
  /** What happened. */
  readonly what: string;
  /** What the reader can do. */
  readonly remedy: string;
}

export interface Words {
  readonly states: Readonly<Record<RequestState, string>>;
  readonly steps: Readonly<Record<Step, string>>;
  readonly failures: Readonly<Record<FailureCode, FailureWords>>;
  readonly usage: Readonly<Record<UsageProblem, (what: string) => string>>;
  readonly moveProblems: Readonly<Record<MoveProblem, (id: string, state: string) => string>>;

  readonly card: {
    title(pod: string): string;
    readonly requester: string;
    readonly target: string;
    readonly container: string;
    readonly jvm: string;
    readonly reason: string;
    readonly noReason: string;
    readonly heap: string;
    heapValue(used: string, max: string | undefined): string;
    readonly pause: string;
    pauseValue(least: string, most: string): string;
    readonly pauseUnknown: string;
    readonly disk: string;
    diskValue(needed: string | undefined, free: string, dir: string): string;
    warning(): string;
    memoryWarning(used: string, limit: string): string;
    otherJvms(count: number, chosen: number): string;
    readonly reviewers: string;
    readonly waitsForReview: string;
    approvalsSoFar(have: number, need: number): string;
    readonly expires: string;
    readonly approve: string;
    readonly deny: string;
    readonly cancel: string;
    readonly confirmTitle: string;
    confirmText(pod: string): string;
    readonly confirmYes: string;
    readonly confirmNo: string;
    readonly approvedBy: string;
    readonly noReviewNeeded: string;
    readonly deniedBy: string;
    readonly cancelledBy: string;
    readonly cancelRequestedBy: string;
    readonly expiredUndecided: string;
    id(id: string): string;
  };
  readonly denyForm: {
    readonly title: string;
    readonly label: string;
    readonly submit: string;
    readonly cancel: string;
  };

  readonly progress: {
    title(pod: string): string;
    readonly queued: string;
    readonly cancelling: string;
    readonly workloadBusy: string;
    retrying(attempt: number): string;
    dumping(size: string): string;
    transfer(sent: string, total: string, rate: string | undefined, left: string | undefined): string;
    finishedIn(duration: string): string;
  };

  readonly result: {
    completedTitle(pod: string): string;
    readonly forYou: string;
    readonly file: string;
    readonly size: string;
    readonly sha256: string;
    readonly pause: string;
    readonly proved: string;
    readonly proofs: Readonly<
      Record<
        'jvm-success-line' | 'end-mark' | 'hprof-walk' | 'size' | 'sha256' | 'crc64' | 'part-md5',
        string
      >
    >;
    readonly download: string;
    readonly linkEnds: string;
    readonly newLink: string;
    readonly linkPrivate: string;
    readonly openInMat: string;
    failedTitle(pod: string): string;
    readonly failedStep: string;
    readonly retry: string;
    readonly retryHints: Readonly<Record<RetryKind, string>>;
    left(count: number): string;
    cancelledTitle(pod: string): string;
    deniedTitle(pod: string): string;
    expiredTitle(pod: string): string;
    readonly notPaused: string;
  };

  readonly replies: {
    helpTitle: string;
    help(command: string): readonly (readonly [line: string, meaning: string])[];
    readonly usageTitle: string;
    tryLine(line: string): string;
    looking(target: string, id: string): string;
    /** The request stands; only the answer from the cluster is late. */
    readonly unavailable: string;
    readonly unavailableTitle: string;
    readonly refusedTitle: string;
    unknownCluster(name: string, known: string): string;
    clusterNeeded(known: string): string;
    noRule(target: string): string;
    notListed(rules: string, target: string): string;
    readonly askThese: string;
    readonly noRuleRemedy: string;
    readonly outsider: string;
    noSuchRequest(id: string): string;
    readonly notYours: string;
    readonly notAReviewer: string;
    readonly ownRequest: string;
    readonly mayNotCancel: string;
    readonly mayNotDownload: string;
    readonly reviewersAre: string;
    cancelled(id: string): string;
    retryQueued(id: string): string;
    repeated(id: string): string;
    approvalCounted(have: number, need: number): string;
    readonly noDumpYet: string;
    readonly listTitle: string;
    readonly listEmpty: string;
    readonly linkTitle: string;
    readonly linkRefused: string;
  };

  bytes(count: number): string;
  duration(ms: number): string;
}
