/** The app's Home tab: https://docs.slack.dev/surfaces/app-home */
import { type ReactNode, useEffect, useState } from 'react';
import { Blocks } from './blocks.tsx';
import { useForm } from './form-state.ts';
import { BotFace, Icon } from './icons.tsx';
import { usePage } from './page-context.ts';

export function Home(): ReactNode {
  const { snapshot, act, words, show } = usePage();
  const { home } = snapshot;
  const [isOpening, setOpening] = useState(true);
  const form = useForm(home ?? NO_VIEW);
  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once, as one who goes there does
  useEffect(() => {
    void act({ kind: 'home' }).then(() => setOpening(false));
  }, []);
  return (
    <section className="pane home" aria-label={words.home}>
      <header className="pane-header">
        <button
          type="button"
          className="icon-button narrow-only"
          aria-label={words.backToChannel}
          onClick={() => show('channel')}
        >
          <Icon name="back" />
        </button>
        <span className="avatar avatar-small avatar-bot">
          <BotFace />
        </span>
        <h2>{words.app}</h2>
        <span className="app-tag">APP</span>
      </header>
      <div className="pane-scroll home-blocks">
        {home === undefined ? (
          <p className="empty-note">{isOpening ? words.homeLoading : words.homeEmpty}</p>
        ) : (
          <Blocks
            blocks={home.blocks}
            form={form}
            press={async (blockId, actionId) => {
              await act({ kind: 'press', view: home.id, blockId, actionId });
            }}
          />
        )}
      </div>
    </section>
  );
}

const NO_VIEW = { id: '', hash: '', title: '', submit: undefined, close: undefined, blocks: [], errors: {} };
