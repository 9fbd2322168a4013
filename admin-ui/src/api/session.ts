// Who is logged in and what he may. When the server answers 401, all requests wait here for one
// login dialog; whoever logs in as somebody else begins anew.
import { ask } from './client';
import { isObject, Problem } from './problem';
import { createStore } from '../app/store';

export interface Session {
  username: string;
  realm: string;
  groups: string[];
  /** The procedures behind the admin API that he may call. */
  may: ReadonlySet<string>;
}

export type State = { is: 'unknown' } | { is: 'out' } | { is: 'in'; session: Session };

export const session = createStore<State>({ is: 'unknown' });
/** True while a login is asked for over a screen that stays. */
export const interrupted = createStore(false);
let waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

async function whoami(): Promise<Session> {
  const { value } = await ask<unknown>('/session', { anonymous: true });
  const said = isObject(value) ? value : {};
  return {
    username: String(said['username'] ?? ''),
    realm: String(said['realm'] ?? ''),
    groups: strings(said['groups']),
    may: new Set(strings(said['may'])),
  };
}

export async function begin(): Promise<void> {
  try {
    session.set({ is: 'in', session: await whoami() });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    session.set({ is: 'out' });
  }
}

export async function login(username: string, password: string): Promise<void> {
  const before = session.get();
  await ask('/session', { method: 'POST', body: { username, password }, anonymous: true });
  const now = await whoami();
  session.set({ is: 'in', session: now });
  interrupted.set(false);
  const others = before.is === 'in' && before.session.username !== now.username;
  if (others) location.reload();
  else for (const { resolve } of waiting.splice(0)) resolve();
}

export async function logout(): Promise<void> {
  await ask('/session', { method: 'DELETE', anonymous: true });
  session.set({ is: 'out' });
  giveUpLogin();
  // Nothing that was shown or typed stays in this page for who comes next. Screens go first, so that
  // none of them asks whether it may be left.
  setTimeout(() => location.reload());
}

export function loginNeeded(): Promise<void> {
  // Who is out has not asked for this: sent again it would be in the name of who comes next.
  if (session.get().is === 'out') return Promise.reject(refused());
  if (session.get().is === 'unknown') session.set({ is: 'out' });
  else interrupted.set(true);
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
}

/** Nobody logs in: what waited fails as a refusal, and what was typed stays. */
export function giveUpLogin(): void {
  interrupted.set(false);
  for (const { reject } of waiting.splice(0)) reject(refused());
}

function refused(): Problem {
  return new Problem(401, undefined, 'Unauthorized');
}

export function may(procedure: string | undefined): boolean {
  const state = session.get();
  return procedure === undefined || (state.is === 'in' && state.session.may.has(procedure));
}
