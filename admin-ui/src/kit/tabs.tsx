// Tabs; which is open is in the URL. Arrow keys move between them.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { setQuery, usePlace } from '../app/router';

export interface Tab {
  key: string;
  title: string;
  render: () => ComponentChildren;
}

export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  const { query } = usePlace();
  const id = useId();
  const wanted = query.get('tab');
  const index = Math.max(0, tabs.findIndex((tab) => tab.key === wanted));
  const tab = tabs[index];
  if (!tab) return null;
  const open = (next: number) => {
    const key = tabs[(next + tabs.length) % tabs.length]?.key ?? '';
    setQuery({ tab: key });
    document.getElementById(`${id}-${key}`)?.focus();
  };
  const moves: Record<string, number> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    Home: 0,
    End: tabs.length - 1,
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label}>
        {tabs.map(({ key, title }, i) => (
          <button
            key={key}
            id={`${id}-${key}`}
            type="button"
            role="tab"
            aria-selected={i === index}
            aria-controls={`${id}-panel`}
            tabIndex={i === index ? 0 : -1}
            onClick={() => open(i)}
            onKeyDown={(event) => {
              const next = moves[event.key];
              if (next === undefined) return;
              event.preventDefault();
              open(next);
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab.key}`} class="tab-panel">
        {tab.render()}
      </div>
    </>
  );
}
