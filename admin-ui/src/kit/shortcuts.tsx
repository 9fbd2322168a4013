// The keyboard: one listener, a table of shortcuts that components add and take away, and the help
// that lists them. "g a" is a sequence, "mod+s" is Ctrl or Command. Plain letters do nothing while
// somebody types, and none does anything behind a dialog.
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../strings';
import { Dialog, openDialog } from './dialog';

interface Shortcut {
  keys: string;
  title: string;
  run: { current: () => void };
}

const SEQUENCE_MS = 1200;
const all = new Set<Shortcut>();
let typed: { keys: string; at: number } = { keys: '', at: 0 };

export function useShortcut(keys: string, title: string, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!keys) return;
    const shortcut = { keys, title, run: latest };
    all.add(shortcut);
    return () => {
      all.delete(shortcut);
    };
  }, [keys, title]);
}

function typing(event: KeyboardEvent): boolean {
  const at = event.composedPath()[0];
  if (!(at instanceof HTMLElement)) return false;
  return at.isContentEditable || at.matches('input:not([type=checkbox]), textarea, select');
}

/** The newest first. */
function find(keys: string): Shortcut | undefined {
  return [...all].reverse().find((shortcut) => shortcut.keys === keys);
}

function run(keys: string): boolean {
  const found = find(keys);
  found?.run.current();
  return found !== undefined;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const behind = document.querySelector('dialog[open]') !== null;
  if (event.ctrlKey || event.metaKey) {
    const known = find(`mod+${key}`);
    if (known) event.preventDefault();
    if (!behind) known?.run.current();
    return;
  }
  if (typing(event)) {
    if (key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
    return;
  }
  if (behind) return;
  const fresh = event.timeStamp - typed.at > SEQUENCE_MS;
  const sequence = fresh || !typed.keys ? key : `${typed.keys} ${key}`;
  if (run(sequence) || run(key)) {
    event.preventDefault();
    typed = { keys: '', at: 0 };
  } else typed = { keys: key, at: event.timeStamp };
}

document.addEventListener('keydown', onKey);

export function showShortcuts(): void {
  const rows = [...all].sort((a, b) => (a.keys < b.keys ? -1 : 1));
  void openDialog<void>((close) => (
    <Dialog title={text.keys.title} onClose={() => close()}>
      <table class="keys">
        <tbody>
          {rows.map(({ keys, title }) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key.replace('mod+', 'Ctrl ')}</kbd>
                ))}
              </th>
              <td>{title}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  ));
}
