// A form in a dialog: its fields, the refusal above them, and its buttons at the dialog's foot.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../strings';
import { Button } from './button';
import { Dialog } from './dialog';
import { ProblemPanel } from './problem_panel';
import type { Form } from './use_form';

export interface FormDialogProps<T extends object> {
  title: string;
  form: Form<T>;
  action: string;
  needs?: string;
  danger?: boolean;
  wide?: boolean;
  /** Why it cannot be sent now. */
  off?: string | undefined;
  onClose: () => void;
  children: ComponentChildren;
}

export function FormDialog<T extends object>(props: FormDialogProps<T>) {
  const { title, form, action, needs, danger, wide, off, onClose, children } = props;
  const fields = useRef<HTMLFormElement>(null);
  useEffect(() => fields.current?.querySelector<HTMLElement>('input, select, textarea')?.focus(), []);
  const submit = (event: Event) => (off ? event.preventDefault() : form.submit(event));
  return (
    <Dialog
      title={title}
      {...(wide && { wide })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button
            kind={danger ? 'danger' : 'primary'}
            busy={form.busy}
            off={off}
            {...(needs && { needs })}
            onClick={submit}
          >
            {action}
          </Button>
        </>
      }
    >
      <ProblemPanel problem={form.problem} />
      <form ref={fields} class="form" noValidate onSubmit={submit}>
        {children}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
