/** The page. On a wide screen all panes stand side by side; on a phone one at a time, with tabs below. */
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Acted, Language, Role, Snapshot } from '../page-state.ts';
import { BehindPanel } from './behind.tsx';
import { Channel } from './channel.tsx';
import { Home } from './home.tsx';
import { Modal } from './modal.tsx';
import { useNewThread } from './new-thread.ts';
import { Notice, Stopped } from './notices.tsx';
import { type Page, PageContext, type Pane } from './page-context.ts';
import type { PageStore } from './page-store.ts';
import { Sidebar } from './sidebar.tsx';
import { Tabs } from './tabs.tsx';
import { Thread } from './thread.tsx';
import { en } from './words-en.ts';
import { zhCn } from './words-zh-cn.ts';

const WORDS = { en, 'zh-CN': zhCn } as const;

export function App({
  store,
  become,
}: {
  readonly store: PageStore;
  readonly become: (role: Role) => void;
}): ReactNode {
  const { connection, snapshot } = useSyncExternalStore(store.subscribe, store.state);
  if (snapshot === undefined) return <p className="connecting">{firstWords().connecting}</p>;
  return (
    <>
      {connection === 'stopped' ? <Stopped words={WORDS[languageOf(snapshot)]} /> : null}
      <Everything store={store} snapshot={snapshot} become={become} />
    </>
  );
}

interface EverythingProps {
  readonly store: PageStore;
  readonly snapshot: Snapshot;
  readonly become: (role: Role) => void;
}

function Everything({ store, snapshot, become }: EverythingProps): ReactNode {
  const [pane, setPane] = useState<Pane>('channel');
  const [threadTs, setThreadTs] = useState<string>();
  const [line, setLine] = useState('');
  const [composed, setComposed] = useState(0);
  const [notice, setNotice] = useState<string>();
  const language = languageOf(snapshot);
  const words = WORDS[language];

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useNewThread(snapshot, setThreadTs);

  const act = useCallback(
    async (action: Parameters<Page['act']>[0]): Promise<Acted> => {
      const acted = await store.act(action);
      if (!acted.ok) {
        const why = action.kind === 'slash' ? acted.text : undefined;
        setNotice(
          why === undefined ? words.problems[acted.problem] : words.commandFailed(snapshot.command, why),
        );
      }
      return acted;
    },
    [store, words, snapshot.command],
  );
  const page = useMemo((): Page | undefined => {
    const you = snapshot.people.find(({ role }) => role === snapshot.you);
    if (you === undefined) return undefined;
    return {
      store,
      snapshot,
      you,
      words,
      language,
      threadTs,
      act,
      show: setPane,
      openThread(ts) {
        setThreadTs(ts);
        setPane(ts === undefined ? 'channel' : 'thread');
      },
      compose(given) {
        setLine(given);
        setComposed((count) => count + 1);
        setPane((before) => (before === 'thread' ? before : 'channel'));
      },
    };
  }, [store, snapshot, words, language, threadTs, act]);
  const closeNotice = useCallback(() => setNotice(undefined), []);
  if (page === undefined) return null;

  const isHome = pane === 'home';
  return (
    <PageContext value={page}>
      <div
        className={`layout layout-${pane}${threadTs === undefined || isHome ? '' : ' layout-with-thread'}`}
      >
        <Sidebar pane={pane} become={become} waiting={waitingIn(snapshot)} />
        {isHome ? (
          <Home key={snapshot.you} />
        ) : (
          <>
            <Channel line={line} setLine={setLine} composed={composed} />
            {threadTs === undefined ? null : <Thread key={threadTs} ts={threadTs} />}
          </>
        )}
        <BehindPanel />
        <Tabs pane={pane} />
      </div>
      {snapshot.modal === undefined ? null : <Modal key={snapshot.modal.id} view={snapshot.modal} />}
      {notice === undefined ? null : <Notice text={notice} words={words} close={closeNotice} />}
    </PageContext>
  );
}

const languageOf = ({ people, you }: Snapshot): Language =>
  people.find(({ role }) => role === you)?.language ?? 'en';

/** Before anything is known of the person. */
const firstWords = () => WORDS[/^zh\b/i.test(navigator.language) ? 'zh-CN' : 'en'];

/** Messages that can be approved. */
const waitingIn = ({ messages }: Snapshot): number =>
  messages.filter(({ blocks }) => JSON.stringify(blocks).includes('"action_id":"approve"')).length;
