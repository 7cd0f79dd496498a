/** `/heapdump` alone, where the platform has forms: which pod, chosen from lists. Submitting it is the typed line. */
import type { Logger } from '../../log.ts';
import type {
  ChatPlatform,
  FormHandlers,
  FormSubmission,
  IncomingCommand,
  Language,
} from '../chat/chat-platform.ts';
import type { Form } from '../chat/form.ts';
import type { Message } from '../chat/message.ts';
import type { DumpCommand } from '../command.ts';
import type { Lookups } from '../lookups.ts';
import { notice, refusal, unavailable } from '../messages/replies.ts';
import { type KnownPeople, whoIs } from '../people.ts';
import type { PersonInGroups, Rule } from '../policy.ts';
import type { Words } from '../words/words.ts';
import { createChoosing } from './choosing.ts';
import { drawForm, sayInForm } from './draw-form.ts';
import { offeredClusters } from './offers.ts';
import { readSubmission } from './read-submission.ts';

export interface TargetFormDeps {
  readonly lookups: Lookups;
  readonly rules: readonly Rule[];
  readonly accounts: KnownPeople['accounts'];
  readonly clusters: readonly string[];
  readonly words: (language: Language) => Words;
  /** What a typed line does once it is understood. */
  readonly ask: (platform: ChatPlatform, incoming: IncomingCommand, command: DumpCommand) => Promise<void>;
  readonly now: () => number;
  readonly log: Logger;
}

export interface TargetForm {
  /** @returns false where no form can be opened: the person is to be told in words */
  open(platform: ChatPlatform, incoming: IncomingCommand): Promise<boolean>;
  handlersFor(platform: ChatPlatform): FormHandlers;
}

/** What allows a form to be opened lives three seconds: after this a form is opened that says to wait. */
const OPEN_AFTER_MS = 700;

type Start =
  | { readonly kind: 'form'; readonly who: PersonInGroups; readonly clusters: readonly string[] }
  | { readonly kind: 'words'; readonly line: string; readonly message: Message };

export function createTargetForm(deps: TargetFormDeps): TargetForm {
  const { log } = deps;

  const start = async (platform: ChatPlatform, incoming: IncomingCommand, words: Words): Promise<Start> => {
    try {
      const who = await whoIs(platform, incoming.person, deps);
      if (who === undefined) return inWords(words.replies.outsider, refusal(words, words.replies.outsider));
      const clusters = offeredClusters(deps.rules, who, deps.clusters);
      if (clusters.length > 0) return { kind: 'form', who, clusters };
      const line = words.targetForm.nothingOffered;
      return inWords(line, notice(words.replies.refusedTitle, line));
    } catch (err) {
      log.warn({ err }, 'person could not be looked up for the form');
      return inWords(words.replies.unavailable, unavailable(words));
    }
  };

  return {
    async open(platform, { formTicket, ...incoming }) {
      const { forms } = platform;
      if (formTicket === undefined || forms === undefined || incoming.text.trim() !== '') return false;
      const words = deps.words(incoming.language);
      const starting = start(platform, incoming, words);
      const early = await within(OPEN_AFTER_MS, starting);
      if (early?.kind === 'words') {
        await platform.replyPrivately(incoming.privately, incoming.person, early.message);
        return true;
      }
      try {
        const first =
          early === undefined ? sayInForm(words, [words.targetForm.oneMoment]) : begin(early, words);
        const opened = await forms.open(formTicket, first);
        // The same command was delivered before.
        if (opened === undefined) return true;
        const begun = early ?? (await starting);
        if (begun.kind === 'words') await opened.show(sayInForm(words, [begun.line]));
        else {
          if (early === undefined) await opened.show(begin(begun, words));
          const memo = firstMemo(begun.clusters);
          const choosing = createChoosing({ ...deps, words, who: begun.who, clusters: begun.clusters });
          if (memo.cluster !== undefined) await choosing.enterCluster(memo, opened);
        }
        return true;
      } catch (err) {
        log.info({ err }, 'form could not be opened');
        return false;
      }
    },

    handlersFor: (platform) => {
      const choosingFor = async (person: IncomingCommand['person'], language: Language) => {
        const who = await whoIs(platform, person, deps);
        if (who === undefined) return undefined;
        const clusters = offeredClusters(deps.rules, who, deps.clusters);
        return createChoosing({ ...deps, words: deps.words(language), who, clusters });
      };
      return {
        async onSearch(search, form) {
          const choosing = await choosingFor(search.person, search.language);
          return choosing === undefined ? [] : choosing.search(search, form);
        },
        async onChange(change, form) {
          const choosing = await choosingFor(change.person, change.language);
          await choosing?.change(change, form);
        },
        async onSubmit(submission) {
          const words = deps.words(submission.language);
          const read = await readSubmission(submission, { ...deps, words });
          if ('mistakes' in read) return { kind: 'mistakes', mistakes: read.mistakes };
          return {
            kind: 'taken',
            carryOut: () => deps.ask(platform, commandOf(submission), read.command),
          };
        },
      };
    },
  };
}

const inWords = (line: string, message: Message): Start => ({ kind: 'words', line, message });

const firstMemo = ([only, ...others]: readonly string[]) =>
  only === undefined || others.length > 0 ? {} : { cluster: only };

const begin = ({ clusters }: Extract<Start, { kind: 'form' }>, words: Words): Form =>
  drawForm({ words, memo: firstMemo(clusters), clusters });

const commandOf = ({ id, person, place, privately, language }: FormSubmission): IncomingCommand => ({
  id,
  person,
  text: '',
  place,
  privately,
  language,
});

async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
