// The search field of a list: "/" goes there, Esc empties it and leaves.
import { useEffect, useRef, useState } from 'preact/hooks';
import { text } from '../strings';
import { Icon } from './icon';
import { useShortcut } from './shortcuts';

const PAUSE_MS = 200;

export interface SearchProps {
  label: string;
  value: string;
  onSearch: (value: string) => void;
}

export function Search({ label, value, onSearch }: SearchProps) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<number>();
  // What comes back of one's own, without the space at its end, must not undo what is being typed.
  const sent = useRef(value);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useShortcut('/', text.keys.search, () => field.current?.focus());
  const change = (next: string, pause: number) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      sent.current = next.trim();
      onSearch(sent.current);
    }, pause);
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        value={typed}
        spellcheck={false}
        onInput={(event) => change(event.currentTarget.value, PAUSE_MS)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && typed) change('', 0);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}
