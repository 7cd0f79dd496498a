/** Every sentence that the product says, by key. One file a language fills it; a test compares them. */
import type { DumpCompleted, FailureCode, RetryKind, Step, TransferTerms } from '../../worker/dump-job.ts';
import type { UsageProblem } from '../command.ts';
import type { MoveProblem, RequestState } from '../dump-request.ts';
import type { HomeWords } from './home-words.ts';
import type { TargetFormWords } from './target-form-words.ts';

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
    /** In place of disk and pause, where the dump goes through a pipe. */
    readonly noDisk: string;
    noDiskPause(least: string, most: string): string;
    readonly noDiskPauseUnknown: string;
    readonly noDiskWarning: string;
    readonly transfer: string;
    readonly via: Readonly<Record<TransferTerms['via'], string>>;
    readonly compress: Readonly<Record<TransferTerms['compress'], string>>;
    memoryWarning(used: string, limit: string): string;
    otherJvms(count: number, chosen: number): string;
    /** Before their names. */
    readonly waitsFor: string;
    approvalsSoFar(have: number, need: number): string;
    readonly expires: string;
    readonly approve: string;
    readonly deny: string;
    readonly cancel: string;
    readonly confirmTitle: string;
    confirmText(pod: string): string;
    confirmNoDisk(pod: string): string;
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

  readonly targetForm: TargetFormWords;

  readonly home: HomeWords;

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
    /** Of a dump that is stored compressed. */
    packedSize(stored: string, dump: string): string;
    readonly sha256: string;
    readonly dumpSha256: string;
    readonly ways: Readonly<Record<DumpCompleted['via'], string>>;
    readonly pause: string;
    readonly proved: string;
    readonly proofs: Readonly<Record<DumpCompleted['proofs'][number], string>>;
    readonly download: string;
    readonly linkEnds: string;
    readonly newLink: string;
    readonly linkPrivate: string;
    readonly manifestMissing: string;
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
    /** Of the command alone, where it opens a form. */
    readonly helpForm: string;
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
    notAllowed(rule: string, wish: string): string;
    readonly notAllowedRemedy: string;
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
    listMore(line: string): string;
    readonly linkTitle: string;
    readonly linkRefused: string;
    readonly dumpGone: string;
  };

  /** What texts are put together with. */
  readonly punctuation: { readonly colon: string; readonly comma: string };
  /** Whoever a rule names that is known by another chat platform alone. */
  peopleElsewhere(platform: string): string;
  personElsewhere(name: string, platform: string): string;

  bytes(count: number): string;
  duration(ms: number): string;
}
