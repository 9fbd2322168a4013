// Where we are is in the fragment: #/apis/com.example.shop?tab=versions. Search, sort and tab are
// in it too, so that the back button, a reload and a link sent to somebody show the same thing.
// A guard may keep us here: forms with unsaved changes have one.
import { createStore, useStore } from './store';

export interface Place {
  path: string;
  query: URLSearchParams;
}

/** Says whether something typed here would be lost. */
type Guard = () => boolean;

let askToLeave = (): Promise<boolean> => Promise.resolve(true);
const guards = new Set<Guard>();
let settled = location.hash;

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#/, '').split(/\?(.*)/s);
  return { path: path || '/', query: new URLSearchParams(query) };
}

const place = createStore<Place>(read());

function unsaved(): boolean {
  return [...guards].some((guard) => guard());
}

/** How the user is asked whether what he typed may be lost; the frame says it once. */
export function setAskToLeave(asked: () => Promise<boolean>): void {
  askToLeave = asked;
}

function settle() {
  settled = location.hash;
  const next = read();
  const moved = next.path !== place.get().path;
  place.set(next);
  if (moved) window.scrollTo(0, 0);
}

window.addEventListener('hashchange', () => {
  if (location.hash === settled) return;
  const wanted = location.hash;
  const samePath = read().path === place.get().path;
  if (samePath || !unsaved()) return settle();
  history.replaceState(null, '', settled || '#/');
  void askToLeave().then((yes) => {
    if (!yes) return;
    history.pushState(null, '', wanted);
    settle();
  });
});

window.addEventListener('beforeunload', (event) => {
  if (unsaved()) event.preventDefault();
});

export function usePlace(): Place {
  return useStore(place);
}

/** The link to a path; its parts are encoded by `at`. */
export function href(path: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#${path}${text ? `?${text}` : ''}`;
}

/** at`/realms/${uri}/users`: a path with what is put into it percent-encoded. */
export function at(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce(
    (path, part, i) => path + encodeURIComponent(String(values[i - 1] ?? '')) + part,
  );
}

export function go(path: string, query: Record<string, string> = {}): void {
  location.hash = href(path, query);
}

/** Changes the query of this place without a step in the history, as one does while typing. */
export function setQuery(changes: Record<string, string>): void {
  const { path, query } = place.get();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  history.replaceState(null, '', href(path, Object.fromEntries(next)));
  settle();
}

/** Looked at before we leave; the result takes it away again. */
export function addGuard(guard: Guard): () => void {
  guards.add(guard);
  return () => guards.delete(guard);
}

/** Goes from what is no more: nothing of it is left to be saved. */
export function leave(path: string): void {
  guards.clear();
  go(path);
}

export type Params = Record<string, string>;

/** What the path has for the ":names" of a pattern, or null when it is another path. */
export function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Params = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) {
      if (!value) return null;
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
}
