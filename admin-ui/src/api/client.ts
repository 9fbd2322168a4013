// The only place that talks to the server. Adds what a write needs, turns refusals into Problem,
// waits for a login when the session has ended and then sends the same request again, and keeps
// reads waiting while the node is away.
import { connection } from './connection';
import { NoAnswer, Problem } from './problem';
import { loginNeeded } from './session';
import { text } from '../strings';

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** Sent as it is instead of `body`, with its own type. */
  raw?: { text: string; type: string };
  etag?: string | undefined;
  signal?: AbortSignal;
  /** A login's own request must not wait for a login. */
  anonymous?: boolean;
}

export interface Answer<T> {
  value: T;
  etag: string | undefined;
  /** Of a list: how many there are in all, and the cursor of the next page. */
  total: number | undefined;
  next: string | undefined;
}

/** The API is beside /ui/, whatever is before both. */
const root = new URL('..', new URL(location.pathname, location.href));

export function urlOf(path: string, query: Ask['query'] = {}): URL {
  const url = new URL(`.${path}`, root);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url;
}

/** Somebody's name for something that a URL takes for the way up: of a group it would be the realm. */
const LEADS_ELSEWHERE = /(^|\/)(\.|%2e){1,2}(\/|$)/i;

export async function ask<T>(path: string, how: Ask = {}): Promise<Answer<T>> {
  if (LEADS_ELSEWHERE.test(path)) throw new Problem(404, undefined, text.nowhere.title);
  for (;;) {
    const response = await send(path, how);
    if (response.status === 401 && !how.anonymous) {
      await loginNeeded();
      continue;
    }
    if (!response.ok) throw await problemOf(response);
    return {
      value: (await bodyOf(response)) as T,
      etag: response.headers.get('etag') ?? undefined,
      total: numberOf(response.headers.get('x-total-count')),
      next: nextOf(response.headers.get('link')),
    };
  }
}

async function send(path: string, how: Ask): Promise<Response> {
  const method = how.method ?? 'GET';
  const headers = new Headers({ accept: 'application/json' });
  let body: string | undefined;
  if (how.raw) {
    body = how.raw.text;
    headers.set('content-type', how.raw.type);
  } else if (how.body !== undefined) {
    body = JSON.stringify(how.body);
    headers.set('content-type', 'application/json');
  }
  if (method !== 'GET') headers.set('x-postern-csrf', '1');
  if (how.etag) headers.set('if-match', how.etag);
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) init.body = body;
  if (how.signal) init.signal = how.signal;
  for (;;) {
    try {
      return await fetch(urlOf(path, how.query), init);
    } catch (cause) {
      if (how.signal?.aborted) throw cause;
      connection.lost();
      // A write is not repeated behind the user's back: it may have been done.
      if (method !== 'GET') throw new NoAnswer(text.connection.noAnswer, { cause });
      await connection.back();
    }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const type = response.headers.get('content-type') ?? '';
  const body = await response.text();
  return type.includes('json') && body ? (JSON.parse(body) as unknown) : body;
}

async function problemOf(response: Response): Promise<Problem> {
  let body: unknown;
  try {
    body = await bodyOf(response);
  } catch {
    body = undefined;
  }
  return new Problem(response.status, body, response.statusText || `HTTP ${response.status}`);
}

function numberOf(value: string | null): number | undefined {
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

function nextOf(link: string | null): string | undefined {
  const found = link?.match(/<([^>]*)>;\s*rel="?next"?/);
  if (!found?.[1]) return undefined;
  return new URL(found[1], root).searchParams.get('cursor') ?? undefined;
}
