/** Where one can go, and who one is. */
import type { ReactNode } from 'react';
import { type Language, ROLES, type Role } from '../page-state.ts';
import { Avatar } from './avatar.tsx';
import { BotFace, Icon } from './icons.tsx';
import { type Pane, usePage } from './page-context.ts';

export interface SidebarProps {
  readonly pane: Pane;
  readonly become: (role: Role) => void;
  /** How much waits for a reviewer's decision. */
  readonly waiting: number;
}

export function Sidebar({ pane, become, waiting }: SidebarProps): ReactNode {
  const { words, snapshot, show } = usePage();
  return (
    <nav className="sidebar" aria-label={words.workspace}>
      <h1>
        <span className="avatar avatar-bot">
          <BotFace />
        </span>
        heapdump-bot
        <small>{words.workspace}</small>
      </h1>
      <div className="places">
        <button
          type="button"
          aria-current={pane === 'channel' || pane === 'thread' ? 'page' : undefined}
          onClick={() => show('channel')}
        >
          <Icon name="hash" /> {snapshot.channel.name}
        </button>
        <button
          type="button"
          aria-current={pane === 'home' ? 'page' : undefined}
          onClick={() => show('home')}
        >
          <Icon name="home" /> {words.home}
        </button>
        <button
          type="button"
          className="medium-only"
          aria-current={pane === 'behind' ? 'page' : undefined}
          onClick={() => show('behind')}
        >
          <Icon name="gauge" /> {words.behind}
        </button>
      </div>
      <People become={become} waiting={waiting} />
      <LanguageSwitch />
    </nav>
  );
}

function People({ become, waiting }: Omit<SidebarProps, 'pane'>): ReactNode {
  const { words, snapshot, you } = usePage();
  return (
    <fieldset className="people">
      <legend>{words.youAre}</legend>
      {snapshot.people.map(({ role, id, name }) => (
        <label key={role} className={role === you.role ? 'person person-you' : 'person'}>
          <input
            type="radio"
            name="person"
            value={role}
            checked={role === you.role}
            onChange={({ target: { value } }) => become(ROLES.find((each) => each === value) ?? role)}
          />
          <Avatar id={id} />
          <span className="person-name">
            {name.replace(/ \(.*/, '')}
            <small>
              {words.roles[role]}, {words.roleHints[role]}
            </small>
          </span>
          {role === 'reviewer' && waiting > 0 ? <span className="badge">{waiting}</span> : null}
        </label>
      ))}
    </fieldset>
  );
}

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['zh-CN', '中文'],
];

/** Slack knows each person's language: it decides what only they read. */
function LanguageSwitch(): ReactNode {
  const { words, you, act } = usePage();
  return (
    <fieldset className="languages">
      <legend className="unseen">{words.language}</legend>
      {LANGUAGES.map(([language, name]) => (
        <label key={language}>
          <input
            type="radio"
            name="language"
            checked={you.language === language}
            onChange={() => void act({ kind: 'language', language })}
          />
          <span lang={language}>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
