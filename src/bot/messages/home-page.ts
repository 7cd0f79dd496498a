/** What a person sees on their home page: what waits for them, and the dumps that they may see. Pure. */
import type { HomePage, HomeSection } from '../chat/home-page.ts';
import type { Line, Message } from '../chat/message.ts';
import type { DumpRequest } from '../dump-request.ts';
import type { UsualTransfer } from '../transfer-terms.ts';
import type { Words } from '../words/words.ts';
import { person, text, time } from './inline.ts';
import { requestCard, toneOf } from './request-card.ts';
import { sizeText } from './result-message.ts';
import { standingText } from './standing-text.ts';

export interface HomeContent {
  /** Oldest first: the next to expire. */
  readonly forReview: readonly DumpRequest[];
  readonly dumps: readonly { readonly request: DumpRequest; readonly mayDownload: boolean }[];
  readonly older: string | undefined;
  /** These are not the newest ones. */
  readonly isOlderPage: boolean;
}

/** Each is a whole card; with the dumps they fit into the hundred blocks that Slack gives. */
const REVIEWS_SHOWN = 4;

export function homePage(
  content: HomeContent,
  words: Words,
  { command, usual }: { readonly command: string; readonly usual: UsualTransfer },
): HomePage {
  const { home } = words;
  const { dumps, older, isOlderPage } = content;
  return {
    title: home.title,
    sections: [
      ...(isOlderPage ? [] : reviews(content.forReview, words, usual)),
      {
        title: isOlderPage ? home.olderDumps : home.dumps,
        entries: dumps.map(({ request, mayDownload }) => dumpEntry(request, mayDownload, words)),
        ...(dumps.length === 0 ? { note: home.empty(command) } : {}),
      },
    ],
    ...(isOlderPage ? { newest: { label: home.newest } } : {}),
    ...(older === undefined ? {} : { older: { label: home.older, behind: older } }),
  };
}

/** For whoever is nobody to the rules. */
export const outsiderPage = (words: Words): HomePage => ({
  title: words.home.title,
  sections: [{ title: '', entries: [], note: words.replies.outsider }],
});

function reviews(waiting: readonly DumpRequest[], words: Words, usual: UsualTransfer): HomeSection[] {
  if (waiting.length === 0) return [];
  const more = waiting.length - REVIEWS_SHOWN;
  return [
    {
      title: words.home.forReview,
      entries: waiting.slice(0, REVIEWS_SHOWN).map((request) => {
        // The very card: whoever decides here sees the same of what it costs. Who else may decide is no news to them.
        const card = requestCard(request, words, [], usual);
        return { ...card, buttons: card.buttons.filter(({ action }) => action !== 'cancel') };
      }),
      ...(more > 0 ? { note: words.home.moreForReview(more) } : {}),
    },
  ];
}

function dumpEntry(request: DumpRequest, mayDownload: boolean, words: Words): Message {
  const { namespace, pod } = request.target;
  return {
    tone: request.goneAt === undefined ? toneOf(request) : 'neutral',
    title: `${namespace}/${pod}`,
    blocks: [{ kind: 'note', line: factsOf(request, words) }],
    buttons:
      mayDownload && request.state === 'completed' && request.goneAt === undefined
        ? [{ action: 'new-link', requestId: request.id, label: words.result.newLink }]
        : [],
  };
}

function factsOf(request: DumpRequest, words: Words): Line {
  const { home, punctuation } = words;
  const { outcome, approvals } = request;
  return [
    text(`${standingText(request, words)} · `),
    ...(outcome?.outcome === 'completed' ? [text(`${sizeText(outcome, words)} · `)] : []),
    text(`${home.askedBy} `),
    person(request.requester),
    text(' · '),
    ...approvals
      .slice(0, APPROVERS_SHOWN)
      .flatMap(({ by }, at) => [text(at === 0 ? `${home.approvedBy} ` : punctuation.comma), person(by)]),
    ...(approvals.length > APPROVERS_SHOWN ? [text(` +${approvals.length - APPROVERS_SHOWN}`)] : []),
    ...(approvals.length > 0 ? [text(' · ')] : []),
    ...(request.approvalsNeeded === 0 ? [text(`${home.withoutReview} · `)] : []),
    time(request.changedAt),
    text(` · ${request.id}`),
  ];
}

const APPROVERS_SHOWN = 2;
