/** A home page as a view of Slack's App Home. Pure. https://docs.slack.dev/surfaces/app-home */
import type { types } from '@slack/bolt';
import type { HomePage, HomeSection } from '../home-page.ts';
import { plainText, renderMessage } from './blocks.ts';

/** https://docs.slack.dev/reference/views/home-tab-views */
const MAX_BLOCKS = 100;
const HEADER_CHARS = 150;
const LABEL_CHARS = 75;
const NOTE_CHARS = 2000;

export const OLDER_ID = 'home-older';
export const NEWEST_ID = 'home-newest';

export function homeView(page: HomePage): types.HomeView {
  const below = paging(page);
  const blocks: types.KnownBlock[] = [];
  for (const [at, section] of page.sections.entries()) {
    // Each section that follows has room for its heading and a word on what is left out.
    const room = MAX_BLOCKS - below.length - 3 * (page.sections.length - 1 - at) - blocks.length;
    blocks.push(...sectionBlocks(section, page, room));
  }
  return { type: 'home', blocks: [...blocks, ...below] };
}

function sectionBlocks(section: HomeSection, page: HomePage, room: number): types.KnownBlock[] {
  const heading: types.KnownBlock = {
    type: 'header',
    text: plainText(section.title === '' ? page.title : section.title, HEADER_CHARS),
  };
  const note = section.note === undefined ? [] : [noteBlock(section.note)];
  const blocks: types.KnownBlock[] = [heading];
  for (const [at, entry] of section.entries.entries()) {
    const rendered = renderMessage(entry).blocks;
    const isLast = at === section.entries.length - 1;
    // Of what does not fit no half is shown.
    if (blocks.length + rendered.length + 1 + note.length + (isLast ? 0 : 1) > room)
      return [...blocks, noteBlock(`… +${section.entries.length - at}`), ...note].slice(0, room);
    blocks.push(...rendered, { type: 'divider' });
  }
  return [...blocks, ...note];
}

const noteBlock = (text: string): types.KnownBlock => ({
  type: 'context',
  elements: [plainText(text, NOTE_CHARS)],
});

function paging({ newest, older }: HomePage): types.KnownBlock[] {
  const elements: types.Button[] = [
    ...(newest === undefined
      ? []
      : [{ type: 'button', action_id: NEWEST_ID, text: plainText(newest.label, LABEL_CHARS) } as const]),
    ...(older === undefined
      ? []
      : [
          {
            type: 'button',
            action_id: OLDER_ID,
            text: plainText(older.label, LABEL_CHARS),
            value: older.behind,
          } as const,
        ]),
  ];
  return elements.length === 0 ? [] : [{ type: 'actions', elements }];
}
