// Any number of names out of more than one can list: the chosen ones, each with a button that takes
// it away, and a combobox that asks for what is typed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { text } from '../strings';
import { Button } from './button';
import { Field } from './field';
import type { Binding } from './use_form';

export interface PickerProps extends Binding<string[]> {
  label: string;
  hint?: string;
  required?: boolean;
  /** One name at most: choosing another takes its place. */
  single?: boolean;
  find: (typed: string, signal: AbortSignal) => Promise<string[]>;
  /** What is typed may be chosen although it is not found. */
  free?: boolean;
}

const PAUSE_MS = 120;

interface Found {
  names: string[];
  of: string | undefined;
}

const nothing: Found = { names: [], of: undefined };

/**
 * What is found for what is typed; nothing while the list is closed. Until the answer comes, of what
 * was found before only the names that have what is typed in them: no other may be chosen by it.
 */
export function useFound(typed: string | undefined, find: PickerProps['find']): string[] {
  const [found, setFound] = useState(nothing);
  useEffect(() => {
    if (typed === undefined) return setFound(nothing);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      find(typed, stop.signal).then(
        (names) => stop.signal.aborted || setFound({ names, of: typed }),
        () => stop.signal.aborted || setFound({ names: [], of: typed }),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [typed]);
  if (typed === undefined) return [];
  return found.of === typed ? found.names : found.names.filter((name) => name.includes(typed));
}

export function Picker(props: PickerProps) {
  const { id, label, hint, required, error, value, set, blur, single, find, free } = props;
  const [typed, setTyped] = useState<string>();
  const [active, setActive] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const found = useFound(typed, find).filter((name) => !value.includes(name));
  const wanted = typed?.trim() ?? '';
  const own = free && wanted && !found.includes(wanted) && !value.includes(wanted) ? [wanted] : [];
  const options = [...found, ...own];
  const open = typed !== undefined && options.length > 0;

  useEffect(() => {
    if (open) document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [open, active]);

  const choose = (name: string | undefined) => {
    if (name === undefined) return;
    set(single ? [name] : [...value, name]);
    setTyped(undefined);
    setActive(0);
  };
  const drop = (name: string) => {
    set(value.filter((other) => other !== name));
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Backspace' && !typed && value.length > 0) return set(value.slice(0, -1));
    const moves: Record<string, () => void> = {
      ArrowDown: () => (open ? setActive(Math.min(active + 1, options.length - 1)) : setTyped(typed ?? '')),
      ArrowUp: () => setActive(Math.max(active - 1, 0)),
    };
    if (open) {
      moves['Enter'] = () => choose(options[active]);
      moves['Escape'] = () => setTyped(undefined);
    }
    // What is being looked for is not sent half.
    else if (typed) moves['Enter'] = () => undefined;
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  return (
    <Field id={id} label={label} error={error} {...(hint && { hint })} {...(required && { required })}>
      {(control) => (
        <div class="picker">
          {value.length > 0 && (
            <ul class="chips" aria-label={text.picker.chosen(label)}>
              {value.map((name) => (
                <li key={name} class="chip">
                  <span title={name}>{name}</span>
                  <Button kind="quiet" icon="close" label={text.picker.drop(name)} onClick={() => drop(name)} />
                </li>
              ))}
            </ul>
          )}
          <input
            {...control}
            ref={field}
            role="combobox"
            aria-expanded={open}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={open ? `${id}-${active}` : undefined}
            value={typed ?? ''}
            placeholder={text.picker.find}
            spellcheck={false}
            autocomplete="off"
            onClick={() => setTyped(typed ?? '')}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setActive(0);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => {
              setTyped(undefined);
              blur();
            }}
          />
          <ul id={`${id}-list`} role="listbox" class="options" aria-label={label} hidden={!open}>
            {options.map((name, i) => (
              <li
                key={name}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === active}
                onPointerDown={(event) => {
                  event.preventDefault();
                  choose(name);
                }}
              >
                {name}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Field>
  );
}
