// A label, a control, a hint and an error that belong together, for eyes and for screen readers.
import type { ComponentChildren, VNode } from 'preact';
import { useId } from 'preact/hooks';

export interface Control {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': 'true' | undefined;
  'aria-required': 'true' | undefined;
}

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  required?: boolean;
  id?: string;
  children: (control: Control) => VNode;
}

export function Field({ label, hint, error, required, id, children }: FieldProps) {
  const made = useId();
  const own = id ?? made;
  const described = [hint && `${own}-hint`, error && `${own}-error`].filter(Boolean).join(' ');
  return (
    <div class={error ? 'field wrong' : 'field'}>
      <label for={own}>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {children({
        id: own,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? 'true' : undefined,
        'aria-required': required ? 'true' : undefined,
      })}
      {error && (
        <p class="error" id={`${own}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${own}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
