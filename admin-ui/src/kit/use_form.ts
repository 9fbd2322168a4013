// The state of a form: values, what is wrong with them (from the check on leaving a field, and from
// the server), whether anything is unsaved, and one submit at a time.
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { Problem } from '../api/problem';
import { addGuard } from '../app/router';

export type Errors<T> = Partial<Record<keyof T & string, string>>;

export interface FormOptions<T> {
  initial: T;
  check?: (values: T) => Errors<T>;
  /** 'stay' when nothing was saved and the user goes on editing. */
  submit: (values: T) => Promise<void | 'stay'>;
  /** The server's names for members, where they are not those of the form. */
  keys?: Record<string, keyof T & string>;
  /** It only asks: nothing of it is lost when one leaves. */
  asks?: boolean;
}

export interface Binding<V> {
  id: string;
  value: V;
  error: string | undefined;
  set: (value: V) => void;
  blur: () => void;
}

/** A field that stands by itself, in no form. */
export function bare<V>(id: string, value: V, set: (value: V) => void): Binding<V> {
  return { id, value, set, blur: () => undefined, error: undefined };
}

export interface Form<T> {
  values: T;
  set: (changes: Partial<T>) => void;
  bind: <K extends keyof T & string>(name: K) => Binding<T[K]>;
  shown: Errors<T>;
  idOf: (name: string) => string;
  problem: Error | undefined;
  dirty: boolean;
  busy: boolean;
  /** Counts submits that were stopped by mistakes; the summary takes focus at each. */
  stops: number;
  submit: (event?: Event) => void;
  /** Begins anew from these. */
  restart: (values: T) => void;
}

let pressed = false;
window.addEventListener('pointerdown', () => (pressed = true), true);
window.addEventListener('pointerup', () => (pressed = false), true);

/** An error that appears while a button is being pressed would move the button from under it. */
function whenReleased(act: () => void): void {
  if (!pressed) return act();
  window.addEventListener('pointerup', () => setTimeout(act), { once: true });
}

export function useForm<T extends object>(options: FormOptions<T>): Form<T> {
  const [values, setValues] = useState(options.initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<Errors<T>>({});
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const [stops, setStops] = useState(0);
  const form = useId();
  const saved = useRef(JSON.stringify(options.initial));
  const dirty = !options.asks && JSON.stringify(values) !== saved.current;
  const unsaved = useRef(dirty);
  unsaved.current = dirty;
  useEffect(() => addGuard(() => unsaved.current), []);

  const wrong: Errors<T> = useMemo(() => options.check?.(values) ?? {}, [values]);
  const shown: Errors<T> = { ...refused };
  for (const name of touched as ReadonlySet<keyof T & string>)
    if (wrong[name]) shown[name] = wrong[name];

  const set = (changes: Partial<T>) => {
    setValues((had) => ({ ...had, ...changes }));
    setRefused((had) => {
      const next = { ...had };
      for (const name of Object.keys(changes)) delete next[name as keyof T & string];
      return next;
    });
  };
  const fail = (error: unknown) => {
    const key = error instanceof Problem ? error.key : '';
    const name = options.keys?.[key] ?? (key in values ? (key as keyof T & string) : undefined);
    if (name && error instanceof Problem) {
      setRefused({ [name]: error.message } as Errors<T>);
      setStops((n) => n + 1);
    } else setProblem(error instanceof Error ? error : new Error(String(error)));
  };
  const submit = (event?: Event) => {
    event?.preventDefault();
    if (busy) return;
    setTouched(new Set(Object.keys(values)));
    setProblem(undefined);
    if (Object.keys(wrong).length > 0) return setStops((n) => n + 1);
    setBusy(true);
    // What is being sent counts as saved from the moment it is: the act itself may lead elsewhere.
    const before = unsaved.current;
    unsaved.current = false;
    options
      .submit(values)
      .then((outcome) => {
        if (outcome === 'stay') unsaved.current = before;
        else saved.current = JSON.stringify(values);
      })
      .catch((error: unknown) => {
        unsaved.current = before;
        fail(error);
      })
      .finally(() => setBusy(false));
  };
  const restart = (next: T) => {
    saved.current = JSON.stringify(next);
    setValues(next);
    setTouched(new Set());
    setRefused({});
  };
  const idOf = (name: string) => `${form}-${name}`;
  return {
    values,
    set,
    bind: (name) => ({
      id: idOf(name),
      value: values[name],
      error: shown[name],
      set: (value) => set({ [name]: value } as unknown as Partial<T>),
      blur: () => whenReleased(() => setTouched((had) => new Set([...had, name]))),
    }),
    shown,
    idOf,
    problem,
    dirty,
    busy,
    stops,
    submit,
    restart,
  };
}
