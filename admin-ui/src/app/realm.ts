// The realm that the screens of the realm show: that of the path, else the one looked at last.
import { session } from '../api/session';
import { at, match, usePlace } from './router';

const KEY = 'postern.realm';

export function useRealm(): string {
  const { path } = usePlace();
  const inPath = match('/realms/:realm', path.split('/').slice(0, 3).join('/'))?.['realm'];
  if (inPath) {
    sessionStorage.setItem(KEY, inPath);
    return inPath;
  }
  const state = session.get();
  return sessionStorage.getItem(KEY) ?? (state.is === 'in' ? state.session.realm : '');
}

/** The same screen of another realm. */
export function inRealm(path: string, realm: string): string {
  const rest = match('/realms/:realm/:screen', path.split('/').slice(0, 4).join('/'));
  return rest?.['screen'] ? `${at`/realms/${realm}`}/${rest['screen']}` : at`/realms/${realm}`;
}
