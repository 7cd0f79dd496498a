/** What travels between the page's server and the page. Types alone: the page takes nothing else from here. */

export const ROLES = ['developer', 'reviewer', 'outsider'] as const;
export type Role = (typeof ROLES)[number];
export type Language = 'en' | 'zh-CN';

type Json = { readonly [key: string]: unknown };

export interface PagePerson {
  readonly role: Role;
  readonly id: string;
  readonly name: string;
  readonly language: Language;
}

export interface PageMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  readonly author: string;
  readonly fromBot: boolean;
  /** With Slack's markup; shown where there are no blocks. */
  readonly text: string;
  readonly blocks: readonly Json[];
  /** Only the person at this page sees it. */
  readonly isPrivate: boolean;
  readonly edits: number;
}

export interface PageView {
  readonly id: string;
  readonly hash: string;
  readonly title: string;
  readonly submit: string | undefined;
  readonly close: string | undefined;
  readonly blocks: readonly Json[];
  /** By block id. */
  readonly errors: Readonly<Record<string, string>>;
}

export interface PodNow {
  readonly namespace: string;
  readonly name: string;
  /** What this pod is there to show. */
  readonly shows: PodKind;
  readonly running: boolean;
  readonly jvms: readonly JvmNow[];
  /** Times that the application stood still, as it measured them itself, newest first. */
  readonly pauses: readonly { readonly ms: number; readonly at: number }[];
}

export type PodKind = 'leaking' | 'two-jvms' | 'hardened' | 'no-tools' | 'no-attach' | 'no-review';

export interface JvmNow {
  readonly name: string;
  readonly usedMb: number;
  readonly maxMb: number;
}

export interface JobNow {
  readonly id: string;
  /** sweep: stands by to clean up in the pod, should everything else fail. */
  readonly kind: 'dump' | 'sweep';
  readonly requestId: string;
  readonly pod: string;
  readonly state: 'waiting' | 'active' | 'delayed';
  readonly step: string | undefined;
  /** Of the transfer, while it runs. */
  readonly sentBytes: number | undefined;
  readonly totalBytes: number | undefined;
}

export interface AuditLine {
  readonly id: string;
  readonly at: number;
  readonly event: string;
  readonly requestId: string;
  /** A person's id, or `bot`. */
  readonly by: string;
  readonly target: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What goes on behind the chat. */
export interface Behind {
  readonly pods: readonly PodNow[];
  readonly queue: {
    readonly waiting: number;
    readonly active: number;
    readonly ended: number;
    readonly jobs: readonly JobNow[];
  };
  readonly bucket: {
    readonly name: string;
    readonly objects: readonly { readonly key: string; readonly sizeBytes: number; readonly at: number }[];
    readonly arriving: readonly {
      readonly key: string;
      readonly parts: number;
      readonly sizeBytes: number;
    }[];
  };
  /** Newest first. */
  readonly audit: readonly AuditLine[];
}

export interface Views {
  /** The topmost. */
  readonly modal: PageView | undefined;
  readonly home: PageView | undefined;
}

/** All that one person's page shows. */
export interface Snapshot extends Views {
  /** Another one after a restart. */
  readonly demo: string;
  readonly you: Role;
  readonly people: readonly PagePerson[];
  /** Of people, channels and groups, by id. */
  readonly names: Readonly<Record<string, string>>;
  readonly channel: { readonly id: string; readonly name: string };
  readonly direct: string;
  readonly command: string;
  readonly messages: readonly PageMessage[];
  readonly behind: Behind | undefined;
}

export type Change =
  | { readonly kind: 'message'; readonly message: PageMessage }
  | { readonly kind: 'deleted'; readonly channel: string; readonly ts: string }
  | ({ readonly kind: 'views' } & Views)
  | { readonly kind: 'people'; readonly people: readonly PagePerson[] }
  | { readonly kind: 'behind'; readonly behind: Behind }
  | { readonly kind: 'stopping' };

/** What becomes of something that a person did. */
export type Acted =
  | { readonly ok: true; readonly options?: readonly Json[] }
  /** `late`: the bot did not answer in time. `refused`: it cannot be done (any more). */
  | {
      readonly ok: false;
      readonly problem: 'late' | 'unanswered' | 'refused' | 'bad-request';
      readonly text?: string;
    };
