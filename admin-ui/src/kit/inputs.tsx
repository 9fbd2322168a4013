// The controls of forms, each bound to a value of one: {...form.bind('name')}.
import type { ComponentChildren } from 'preact';
import { Field } from './field';
import type { Binding } from './use_form';

interface Common {
  label: string;
  hint?: ComponentChildren;
  required?: boolean;
  /** Shown, but not to be changed. */
  fixed?: boolean;
}

const about = ({ label, hint, required }: Common, { id, error }: { id: string; error: string | undefined }) => ({
  label,
  id,
  error,
  ...(hint !== undefined && { hint }),
  ...(required && { required }),
});

export interface TextInputProps extends Common, Binding<string> {
  type?: 'text' | 'password' | 'number';
  mono?: boolean;
  placeholder?: string;
  autocomplete?: string;
}

export function TextInput(props: TextInputProps) {
  return (
    <Field {...about(props, props)}>
      {(control) => (
        <input
          {...control}
          type={props.type ?? 'text'}
          class={props.mono ? 'mono' : undefined}
          value={props.value}
          placeholder={props.placeholder}
          readOnly={props.fixed}
          autocomplete={props.autocomplete ?? 'off'}
          spellcheck={false}
          onInput={(event) => props.set(event.currentTarget.value)}
          onBlur={props.blur}
        />
      )}
    </Field>
  );
}

export function TextArea(props: Common & Binding<string> & { rows?: number; mono?: boolean }) {
  return (
    <Field {...about(props, props)}>
      {(control) => (
        <textarea
          {...control}
          class={props.mono ? 'mono' : undefined}
          rows={props.rows ?? 3}
          value={props.value}
          readOnly={props.fixed}
          onInput={(event) => props.set(event.currentTarget.value)}
          onBlur={props.blur}
        />
      )}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
}

export function Select(props: Common & Binding<string> & { options: readonly Option[] }) {
  return (
    <Field {...about(props, props)}>
      {(control) => (
        <select
          {...control}
          value={props.value}
          onChange={(event) => props.set(event.currentTarget.value)}
          onBlur={props.blur}
        >
          {props.options.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check(props: Common & Binding<boolean>) {
  return (
    <div class="check">
      <input
        type="checkbox"
        id={props.id}
        checked={props.value}
        disabled={props.fixed}
        aria-describedby={props.hint ? `${props.id}-hint` : undefined}
        onChange={(event) => props.set(event.currentTarget.checked)}
      />
      <label for={props.id}>{props.label}</label>
      {props.hint && (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** Any number of a few. */
export function Checks(props: Common & Binding<string[]> & { options: readonly Option[] }) {
  const toggle = (value: string, on: boolean) =>
    props.set(props.options.map((o) => o.value).filter((v) => (v === value ? on : props.value.includes(v))));
  return (
    <fieldset class="checks" id={props.id} tabIndex={-1}>
      <legend>{props.label}</legend>
      {props.error && <p class="error">{props.error}</p>}
      <div class="checks-options">
        {props.options.map(({ value, label }) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={props.value.includes(value)}
              onChange={(event) => toggle(value, event.currentTarget.checked)}
            />
            {label}
          </label>
        ))}
      </div>
      {props.hint && <p class="hint">{props.hint}</p>}
    </fieldset>
  );
}
