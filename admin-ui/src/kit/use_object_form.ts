// A form of one object of the server, which may be asked for again at any time: after saving, or
// because something was changed beside the form. What is typed stays, and so does the cursor. While
// nothing is typed the form follows the object; else a version of it counts as seen only if its
// fields are those that the form began from, so that what somebody else wrote is not overwritten.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Answer } from '../api/client';
import { pretty } from '../api/save';
import { useForm, type Form, type FormOptions } from './use_form';

/** What the form began from. */
export interface Base<V> {
  values: V;
  etag: string | undefined;
}

export interface ObjectFormOptions<T, V> extends Omit<FormOptions<V>, 'initial' | 'submit'> {
  object: T;
  etag: string | undefined;
  valuesOf: (object: T) => V;
  save: (values: V, base: Base<V>) => Promise<Answer<T> | 'theirs' | 'edit'>;
  /** After it was saved, or theirs taken: asks for the object again. */
  saved: (answer: Answer<T> | 'theirs') => void | Promise<void>;
}

export function useObjectForm<T, V extends object>(options: ObjectFormOptions<T, V>): Form<V> {
  const { object, etag, valuesOf, save, saved, ...rest } = options;
  const base = useRef<Base<V>>();
  base.current ??= { values: valuesOf(object), etag };
  const seen = useRef(etag);
  const form = useForm<V>({
    ...rest,
    initial: base.current.values,
    submit: async (values) => {
      const answer = await save(values, base.current ?? { values, etag });
      if (answer === 'edit') return 'stay';
      if (answer !== 'theirs') base.current = { values: valuesOf(answer.value), etag: answer.etag };
      await saved(answer);
      return undefined;
    },
  });
  // At once: what is typed between this and the next frame would be lost.
  useLayoutEffect(() => {
    if (seen.current === etag) return;
    const values = valuesOf(object);
    const untouched = !form.dirty && !form.busy;
    if (!untouched && pretty(values) !== pretty(base.current?.values)) return;
    if (untouched && pretty(values) !== pretty(form.values)) form.restart(values);
    base.current = { values, etag };
    seen.current = etag;
  });
  return form;
}
