// Short news that needs no answer. Failures stay until they are closed; the rest goes by itself.
import { createStore, useStore } from '../app/store';
import { text } from '../strings';
import { Button } from './button';

interface Toast {
  id: number;
  message: string;
  tone: 'good' | 'bad';
}

const STAYS_MS = 5000;
const toasts = createStore<Toast[]>([]);
let last = 0;

export function toast(message: string, tone: Toast['tone'] = 'good'): void {
  const id = ++last;
  toasts.set([...toasts.get(), { id, message, tone }].slice(-4));
  if (tone === 'good') setTimeout(() => drop(id), STAYS_MS);
}

function drop(id: number) {
  toasts.set(toasts.get().filter((entry) => entry.id !== id));
}

export function Toasts() {
  const all = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {all.map(({ id, message, tone }) => (
        <div key={id} class={`toast ${tone}`}>
          <span>{message}</span>
          <Button kind="quiet" icon="close" label={text.close} onClick={() => drop(id)} />
        </div>
      ))}
    </div>
  );
}
