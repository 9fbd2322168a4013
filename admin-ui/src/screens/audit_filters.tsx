// Which rows of the audit: each filter is in the URL.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { setQuery } from '../app/router';
import { text } from '../strings';

const t = text.audit;
export const filterNames = ['realm', 'actor', 'action', 'outcome'] as const;
const PAUSE_MS = 300;

export function AuditFilters({ filters }: { filters: Record<string, string> }) {
  const id = useId();
  return (
    <form class="filters" role="search" aria-label={t.filters} onSubmit={(event) => event.preventDefault()}>
      <Filter name="realm" value={filters['realm'] ?? ''} />
      <Filter name="actor" value={filters['actor'] ?? ''} />
      <Filter name="action" value={filters['action'] ?? ''} hint={t.actionHint} />
      <div class="field">
        <label for={id}>{t.outcome}</label>
        <select
          id={id}
          value={filters['outcome']}
          onChange={(event) => setQuery({ outcome: event.currentTarget.value })}
        >
          <option value="">{t.any}</option>
          {Object.entries(t.outcomes).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </form>
  );
}

interface FilterProps {
  name: 'realm' | 'actor' | 'action';
  value: string;
  hint?: string;
}

function Filter({ name, value, hint }: FilterProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<number>();
  const id = useId();
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setQuery({ [name]: next.trim() }), PAUSE_MS);
  };
  return (
    <div class="field">
      <label for={id}>{t[name]}</label>
      <input
        id={id}
        class={name === 'actor' ? undefined : 'mono'}
        value={typed}
        title={hint}
        aria-description={hint}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => change(event.currentTarget.value)}
      />
    </div>
  );
}
