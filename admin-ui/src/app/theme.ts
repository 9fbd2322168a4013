// Light, dark, or as the system says.
import { createStore } from './store';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'postern.theme';
const ALL: readonly Theme[] = ['auto', 'light', 'dark'];

const kept = localStorage.getItem(KEY);
export const theme = createStore<Theme>(ALL.find((name) => name === kept) ?? 'auto');

function apply(name: Theme) {
  if (name === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = name;
}

export function nextTheme(): void {
  const next = ALL[(ALL.indexOf(theme.get()) + 1) % ALL.length] ?? 'auto';
  localStorage.setItem(KEY, next);
  theme.set(next);
}

apply(theme.get());
theme.watch(apply);
