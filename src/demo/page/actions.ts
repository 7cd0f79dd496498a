/** What a person does on the page, handed to the people's side of the stand-in workspace: it sends what Slack sends. */
import { z } from 'zod';
import type {
  Channel,
  Delivery,
  OpenView,
  Person,
  SlackWorkspace,
  StoredMessage,
} from '../slack/slack-workspace.ts';
import { type Acted, ROLES, type Role } from './page-state.ts';

const short = z.string().max(300);
const text = z.string().max(8000);
const ts = z.string().regex(/^\d+\.\d{6}$/);

export const action = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slash'), text }),
  z.strictObject({ kind: z.literal('say'), text: text.min(1), threadTs: ts.optional() }),
  z.strictObject({ kind: z.literal('mention'), text, threadTs: ts.optional() }),
  z.strictObject({
    kind: z.literal('click'),
    channel: short,
    ts,
    blockId: short,
    actionId: short,
  }),
  z.strictObject({ kind: z.literal('submit'), view: short, values: z.record(short, text) }),
  z.strictObject({ kind: z.literal('close'), view: short }),
  z.strictObject({ kind: z.literal('choose'), view: short, field: short, value: text }),
  z.strictObject({ kind: z.literal('suggest'), view: short, field: short, query: short }),
  z.strictObject({ kind: z.literal('press'), view: short, blockId: short, actionId: short }),
  z.strictObject({ kind: z.literal('home') }),
  z.strictObject({ kind: z.literal('language'), language: z.enum(['en', 'zh-CN']) }),
]);
export const actionBody = z.strictObject({ as: z.enum(ROLES), action });
export type Action = z.infer<typeof action>;

export interface Place {
  readonly slack: SlackWorkspace;
  readonly channel: Channel;
  readonly command: string;
  readonly people: Readonly<Record<Role, Person>>;
  /** Ids of the user groups that messages name. */
  readonly groups: readonly string[];
}

/** What the stand-in's client does not let through. Its words are about the form or the button, and for developers. */
const REFUSED: Acted = { ok: false, problem: 'refused' };

/** @returns once the bot has acknowledged, or has not in time */
export async function act(place: Place, role: Role, what: Action): Promise<Acted> {
  const { slack, channel, command } = place;
  const person = place.people[role];
  switch (what.kind) {
    case 'slash':
      return acted(await slack.slash(person, channel, command, what.text));
    case 'say':
      slack.say(person, channel, what.text, thread(what.threadTs));
      return { ok: true };
    case 'mention':
      return acted(await slack.mention(person, channel, what.text, thread(what.threadTs)));
    case 'click': {
      const message = visibleTo(place, person, what);
      if (message === undefined) return REFUSED;
      return acted(await slack.click(person, message, buttonAt(what)));
    }
    case 'submit': {
      const view = viewOf(place, person, what.view);
      return view === undefined ? REFUSED : acted(await slack.submitView(person, view, what.values));
    }
    case 'close': {
      const view = viewOf(place, person, what.view);
      if (view !== undefined) await slack.closeView(person, view);
      return { ok: true };
    }
    case 'choose': {
      const view = viewOf(place, person, what.view);
      if (view === undefined) return REFUSED;
      const told = await slack.choose(person, view, what.field, what.value);
      return told === undefined ? { ok: true } : acted(told);
    }
    case 'suggest': {
      const view = viewOf(place, person, what.view);
      if (view === undefined) return REFUSED;
      const { delivery, options } = await slack.suggest(person, view, what.field, what.query);
      return options === undefined
        ? { ok: false, problem: delivery.late ? 'late' : 'unanswered' }
        : { ok: true, options };
    }
    case 'press': {
      const view = viewOf(place, person, what.view);
      return view === undefined ? REFUSED : acted(await slack.clickInView(person, view, buttonAt(what)));
    }
    case 'home':
      return acted(await slack.openHome(person));
    case 'language':
      person.locale = what.language === 'en' ? 'en-US' : what.language;
      return { ok: true };
  }
}

function acted(delivery: Delivery): Acted {
  if (delivery.late) return { ok: false, problem: 'late' };
  if (delivery.personSaw !== undefined) return { ok: false, problem: 'unanswered', text: delivery.personSaw };
  return delivery.ackedAt === undefined ? { ok: false, problem: 'unanswered' } : { ok: true };
}

const buttonAt =
  (wanted: { readonly blockId: string; readonly actionId: string }) =>
  (button: { readonly blockId: string; readonly actionId: string }): boolean =>
    button.blockId === wanted.blockId && button.actionId === wanted.actionId;

const thread = (threadTs: string | undefined): { threadTs?: string } =>
  threadTs === undefined ? {} : { threadTs };

function visibleTo(
  { slack, channel }: Place,
  person: Person,
  which: { readonly channel: string; readonly ts: string },
): StoredMessage | undefined {
  return [...slack.messages(channel), ...slack.ephemerals(person), ...slack.direct(person)].find(
    (message) => message.channel === which.channel && message.ts === which.ts,
  );
}

const viewOf = ({ slack }: Place, person: Person, id: string): OpenView | undefined =>
  slack.openViews(person).find((view) => view.id === id);
