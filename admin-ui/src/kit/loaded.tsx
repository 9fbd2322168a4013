// What a screen shows of one object: a word while it is asked for, the refusal, or the object.
import type { ComponentChildren } from 'preact';
import type { Asked } from '../api/use_ask';
import { text } from '../strings';
import { ProblemPanel } from './problem_panel';

export interface LoadedProps<T> {
  asked: Asked<T>;
  children: (value: T) => ComponentChildren;
}

export function Loaded<T>({ asked, children }: LoadedProps<T>) {
  if (asked.problem) return <ProblemPanel problem={asked.problem} again={asked.again} />;
  if (asked.value === undefined) return <p class="muted">{text.loading}</p>;
  return <>{children(asked.value)}</>;
}
