// What cannot be undone: shows what goes with it and wants the name typed. The act runs while the
// dialog is open, so that a refusal is read where it was asked for.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { text } from '../strings';
import { Button } from './button';
import { Dialog, openDialog } from './dialog';
import { Field } from './field';
import { ProblemPanel } from './problem_panel';

export interface Confirm {
  title: string;
  /** The name to type; without one, a button is enough for what can be made again. */
  name?: string;
  /** What is taken down, in words or as a component that looks it up. */
  takes: ComponentChildren;
  action: string;
  act: () => Promise<unknown>;
}

/** True once it is done. */
export function confirmByTyping(what: Confirm): Promise<boolean> {
  return openDialog<boolean>((close) => <Typing {...what} close={close} />);
}

function Typing({ title, name, takes, action, act, close }: Confirm & { close: (done: boolean) => void }) {
  const [typed, setTyped] = useState('');
  const sure = name === undefined || typed === name;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!sure || busy) return;
    setBusy(true);
    try {
      await act();
      close(true);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={() => close(false)}
      footer={
        <>
          <Button onClick={() => close(false)}>{text.cancel}</Button>
          <Button
            kind="danger"
            busy={busy}
            off={sure ? undefined : text.confirm.first(name)}
            onClick={(event) => void submit(event)}
          >
            {action}
          </Button>
        </>
      }
    >
      <div class="takes">{takes}</div>
      <ProblemPanel problem={problem} />
      {name !== undefined && (
        <form onSubmit={(event) => void submit(event)}>
          <Field label={text.confirm.label(name)}>
            {(control) => (
              <input
                {...control}
                class="mono"
                value={typed}
                autocomplete="off"
                spellcheck={false}
                autofocus
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            )}
          </Field>
        </form>
      )}
    </Dialog>
  );
}
