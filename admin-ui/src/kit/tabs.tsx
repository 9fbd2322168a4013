// Tabs; which is open is in the URL. Arrow keys move between them.
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { setQuery, usePlace } from '../app/router';

export interface Tab {
  key: string;
  title: string;
  render: () => ComponentChildren;
  /** Stays as it is, unseen, while another tab is open: what is typed in it is not lost. */
  keep?: boolean;
}

export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  const { query } = usePlace();
  const id = useId();
  const wanted = query.get('tab');
  const index = Math.max(0, tabs.findIndex((tab) => tab.key === wanted));
  const tab = tabs[index];
  const visited = useRef(new Set<string>());
  if (!tab) return null;
  visited.current.add(tab.key);
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
            aria-controls={i === index ? `${id}-${key}-panel` : undefined}
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
      {tabs
        .filter((one) => one === tab || (one.keep && visited.current.has(one.key)))
        .map(({ key, render }) => (
          <div
            key={key}
            role="tabpanel"
            id={`${id}-${key}-panel`}
            aria-labelledby={`${id}-${key}`}
            class="tab-panel"
            hidden={key !== tab.key}
          >
            {render()}
          </div>
        ))}
    </>
  );
}
