// Which realm: a combobox that asks the server for what is typed, never for all realms.
import { useId, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import type { Realm } from '../api/types';
import { Icon } from '../kit/icon';
import { useFound } from '../kit/picker';
import { useShortcut } from '../kit/shortcuts';
import { text } from '../strings';
import { inRealm, useRealm } from './realm';
import { go, usePlace } from './router';

const SHOWN = 12;

async function findRealms(filter: string, signal: AbortSignal): Promise<string[]> {
  const { value } = await ask<Realm[]>('/realms', { query: { filter, limit: SHOWN }, signal });
  return value.map(({ uri }) => uri);
}

export function RealmSwitcher() {
  const realm = useRealm();
  const { path } = usePlace();
  const [typed, setTyped] = useState<string>();
  const [active, setActive] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = useFound(typed, findRealms);
  const open = typed !== undefined;
  useShortcut('r', text.keys.realm, () => field.current?.focus());

  const choose = (uri: string | undefined) => {
    setTyped(undefined);
    field.current?.blur();
    if (uri) go(inRealm(path, uri));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => setActive(Math.min(active + 1, found.length - 1)),
      ArrowUp: () => setActive(Math.max(active - 1, 0)),
      Enter: () => choose(found[active]),
      Escape: () => choose(undefined),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div class="switcher">
      <label class="sr-only" for={id}>
        {text.realmSwitcher.label}
      </label>
      <Icon name="realm" />
      <input
        ref={field}
        id={id}
        class="mono"
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && found[active] ? `${id}-${active}` : undefined}
        value={typed ?? realm}
        placeholder={open ? text.realmSwitcher.find : ''}
        spellcheck={false}
        autocomplete="off"
        onFocus={() => setTyped('')}
        onBlur={() => setTyped(undefined)}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} role="listbox" class="options" aria-label={text.realmSwitcher.label} hidden={!open}>
        {found.map((uri, i) => (
          <li
            key={uri}
            id={`${id}-${i}`}
            role="option"
            class="mono"
            aria-selected={i === active}
            onPointerDown={(event) => {
              event.preventDefault();
              choose(uri);
            }}
          >
            {uri}
          </li>
        ))}
      </ul>
    </div>
  );
}
