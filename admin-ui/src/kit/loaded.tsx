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
  const refusal = <ProblemPanel problem={asked.problem} again={asked.again} />;
  if (asked.value === undefined) return asked.problem ? refusal : <p class="muted">{text.loading}</p>;
  // A refusal of asking again takes nothing away of what is shown, or typed.
  return (
    <>
      {refusal}
      {children(asked.value)}
    </>
  );
}
