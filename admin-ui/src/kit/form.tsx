// A form around its fields: the summary of what is wrong at the top, which takes focus after a
// failed submit; save and cancel below.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { may } from '../api/session';
import { text } from '../strings';
import { Button } from './button';
import { ProblemPanel } from './problem_panel';
import { useShortcut } from './shortcuts';
import type { Form as FormState } from './use_form';

export interface FormProps<T extends object> {
  form: FormState<T>;
  action: string;
  needs?: string;
  cancel?: string;
  children: ComponentChildren;
}

export function Form<T extends object>({ form, action, needs, cancel, children }: FormProps<T>) {
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (form.stops > 0) summary.current?.focus();
  }, [form.stops]);
  useShortcut(may(needs) ? 'mod+s' : '', text.keys.save, () => form.submit());
  const wrong = Object.entries(form.shown) as [string, string][];
  return (
    <form class="form" noValidate onSubmit={form.submit}>
      {form.stops > 0 && wrong.length > 0 && (
        <div class="summary" role="alert" tabIndex={-1} ref={summary}>
          <strong>{text.form.wrong(wrong.length)}</strong>
          <ul>
            {wrong.map(([name, error]) => (
              <li key={name}>
                <button
                  type="button"
                  class="link"
                  onClick={() => document.getElementById(form.idOf(name))?.focus()}
                >
                  {error}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
      <ProblemPanel problem={form.problem} />
      {children}
      <footer class="form-footer">
        <Button kind="primary" submit busy={form.busy} {...(needs && { needs })}>
          {action}
        </Button>
        {cancel && (
          <a class="button plain" href={cancel}>
            {text.cancel}
          </a>
        )}
        {form.dirty && <span class="muted">{text.form.unsaved}</span>}
      </footer>
    </form>
  );
}
