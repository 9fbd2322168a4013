// A modal dialog on the browser's own <dialog>: it traps focus, gives it back, and closes by Esc.
// openDialog() asks something from anywhere and promises the answer.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { createStore, useStore } from '../app/store';
import { text } from '../strings';
import { Button } from './button';

export interface DialogProps {
  title: string;
  /** Without it only what is in the dialog closes it: neither Esc nor a button in its corner. */
  onClose?: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, footer, wide }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    // The browser gives focus back on close(), which unmounting does not call.
    const before = document.activeElement;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[autofocus]')?.focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // A second Esc would close it whatever became of the first one's cancel event.
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !onClose) event.preventDefault();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && <Button kind="quiet" icon="close" label={text.close} onClick={onClose} />}
      </header>
      <div class="dialog-body">{children}</div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}

interface Open {
  id: number;
  render: () => ComponentChildren;
}

const open = createStore<Open[]>([]);
let last = 0;

/** Shows what `render` makes of the function that closes it with an answer. */
export function openDialog<T>(render: (close: (answer: T) => void) => ComponentChildren): Promise<T> {
  return new Promise((resolve) => {
    const id = ++last;
    const close = (answer: T) => {
      open.set(open.get().filter((entry) => entry.id !== id));
      resolve(answer);
    };
    open.set([...open.get(), { id, render: () => render(close) }]);
  });
}

export function Dialogs() {
  return (
    <>
      {useStore(open).map(({ id, render }) => (
        <div key={id}>{render()}</div>
      ))}
    </>
  );
}
