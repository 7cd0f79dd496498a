/** On a phone: one pane at a time. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';
import { type Pane, usePage } from './page-context.ts';

export function Tabs({ pane }: { readonly pane: Pane }): ReactNode {
  const { words, threadTs, show } = usePage();
  const tabs: readonly (readonly [Pane, IconName, string])[] = [
    ['channel', 'hash', words.channel],
    ...(threadTs === undefined ? [] : [['thread', 'thread', words.thread] as const]),
    ['home', 'home', words.home],
    ['behind', 'gauge', words.behind],
  ];
  return (
    <nav className="tabs" aria-label={words.channel}>
      {tabs.map(([name, icon, label]) => (
        <button
          key={name}
          type="button"
          aria-current={pane === name ? 'page' : undefined}
          onClick={() => show(name)}
        >
          <Icon name={icon} size={20} />
          {label}
        </button>
      ))}
    </nav>
  );
}
