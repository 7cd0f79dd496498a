/**
 * Where the bot serves several chat platforms: people of another one are shown by name and platform, since neither a
 * mention nor a raw id says anything there. All that is said passes here, and nothing else changes.
 */
import type { ActionAnswer, ChatPlatform, Language } from './chat/chat-platform.ts';
import type { Block, Inline, Line, Message, PersonRef } from './chat/message.ts';
import { inlinesIn } from './chat/message-lines.ts';
import type { Words } from './words/words.ts';

const REMEMBERED = 5000;

/** @returns the platforms as they are where there is only one */
export function nameStrangers(
  platforms: readonly ChatPlatform[],
  wordsOf: (language: Language) => Words,
): readonly ChatPlatform[] {
  if (platforms.length < 2) return platforms;
  const names = new Map<PersonRef, string>();

  const homeOf = (ref: string): ChatPlatform | undefined =>
    platforms.find(({ name }) => ref.startsWith(`${name}:`));

  const nameOf = async (person: PersonRef, home: ChatPlatform): Promise<string> => {
    const known = names.get(person);
    if (known !== undefined) return known;
    // The other platform may be down; its id says as much as there is to know then.
    const { name } = await home.standing(person).catch(() => ({ name: undefined }));
    if (name === undefined) return person.slice(home.name.length + 1);
    if (names.size >= REMEMBERED) names.clear();
    names.set(person, name);
    return name;
  };

  const forReadersOf = async (
    platform: ChatPlatform,
    message: Message,
    language: Language,
  ): Promise<Message> => {
    const isStranger = (part: Inline): boolean => {
      const home = homeOf(refIn(part));
      return home !== undefined && home.name !== platform.name;
    };
    if (!inlinesIn(message).some(isStranger)) return message;
    const words = wordsOf(language);
    const inline = async (part: Inline): Promise<Inline> => {
      const home = homeOf(refIn(part));
      if (home === undefined || !isStranger(part)) return part;
      const title = home.title[language];
      const text =
        part.kind === 'person'
          ? words.personElsewhere(await nameOf(part.person, home), title)
          : words.peopleElsewhere(title);
      return { kind: 'text', text };
    };
    const line = (parts: Line): Promise<Line> => Promise.all(parts.map(inline));
    const block = async (each: Block): Promise<Block> => {
      switch (each.kind) {
        case 'line':
        case 'note':
          return { ...each, line: await line(each.line) };
        case 'fields':
          return {
            ...each,
            fields: await Promise.all(
              each.fields.map(async ({ label, value }) => ({ label, value: await line(value) })),
            ),
          };
        case 'quote':
        case 'checklist':
        case 'download':
          return each;
      }
    };
    return { ...message, blocks: await Promise.all(message.blocks.map(block)) };
  };

  const homePages = (
    platform: ChatPlatform,
    home: NonNullable<ChatPlatform['home']>,
  ): NonNullable<ChatPlatform['home']> => ({
    async show(person, page) {
      const sections = page.sections.map(async (section) => ({
        ...section,
        entries: await Promise.all(
          section.entries.map((entry) => forReadersOf(platform, entry, platform.language)),
        ),
      }));
      await home.show(person, { ...page, sections: await Promise.all(sections) });
    },
  });

  return platforms.map((platform): ChatPlatform => {
    const inPublic = (message: Message) => forReadersOf(platform, message, platform.language);
    const answered = async (answer: ActionAnswer, language: Language): Promise<ActionAnswer> =>
      answer.kind === 'reply'
        ? { ...answer, message: await forReadersOf(platform, answer.message, language) }
        : answer;
    return {
      name: platform.name,
      command: platform.command,
      title: platform.title,
      language: platform.language,
      ...(platform.forms === undefined ? {} : { forms: platform.forms }),
      ...(platform.home === undefined ? {} : { home: homePages(platform, platform.home) }),
      start: (handlers) =>
        platform.start({
          ...handlers,
          onCommand: (command) => handlers.onCommand(command),
          onAction: async (action) => answered(await handlers.onAction(action), action.language),
        }),
      isConnected: () => platform.isConnected(),
      stop: () => platform.stop(),
      post: async (place, message, options) => platform.post(place, await inPublic(message), options),
      update: async (ref, message) => platform.update(ref, await inPublic(message)),
      threadOf: (ref) => platform.threadOf(ref),
      placeNamed: (id) => platform.placeNamed(id),
      replyPrivately: async (to, person, message) =>
        platform.replyPrivately(to, person, await inPublic(message)),
      standing: (person) => platform.standing(person),
      groupsOf: (person, groups) => platform.groupsOf(person, groups),
    };
  });
}

/** Empty where nobody is meant. */
function refIn(part: Inline): string {
  switch (part.kind) {
    case 'person':
      return part.person;
    case 'group':
      return part.group;
    case 'text':
    case 'code':
    case 'time':
      return '';
  }
}
