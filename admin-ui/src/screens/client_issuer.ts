// What the realm's issuer says of itself: its metadata, asked of the node's own gateway, so that
// nothing here guesses an address. Kept while the page is.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { isObject, Problem } from '../api/problem';
import { may } from '../api/session';
import type { Tried } from '../api/types';
import { at } from '../app/router';
import { text } from '../strings';

export const TRY = 'bondy.http_gateway.try';

const ENDPOINTS = [
  'issuer',
  'token_endpoint',
  'revocation_endpoint',
  'authorization_endpoint',
  'device_authorization_endpoint',
  'jwks_uri',
] as const;

export type Issuer = Record<(typeof ENDPOINTS)[number], string>;

export interface AskedIssuer {
  value: Issuer | undefined;
  problem: Error | undefined;
  again: () => void;
}

const known = new Map<string, Issuer>();

/** A path of the realm's issuer, as POST /try takes it. */
export function pathOf(realm: string, endpoint: string): string {
  return `${at`/realms/${realm}`}/${endpoint}`;
}

/** The JSON of an answer; what is no success is thrown as the refusal that it is. */
export function jsonOf(tried: Tried): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(tried.body ?? '');
  } catch {
    body = undefined;
  }
  if (tried.status >= 300 || !isObject(body))
    throw new Problem(tried.status, body, `HTTP ${tried.status}`);
  return body;
}

async function look(realm: string, signal: AbortSignal): Promise<Issuer> {
  const body = { path: pathOf(realm, '.well-known/openid-configuration') };
  const { value } = await ask<Tried>('/try', { method: 'POST', body, signal });
  const said = jsonOf(value);
  const issuer = Object.fromEntries(ENDPOINTS.map((name) => [name, String(said[name] ?? '')]));
  known.set(realm, issuer as Issuer);
  return issuer as Issuer;
}

export function useIssuer(realm: string): AskedIssuer {
  const [value, setValue] = useState<Issuer | undefined>(known.get(realm));
  const [problem, setProblem] = useState<Error>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const had = known.get(realm);
    setValue(had);
    setProblem(undefined);
    if (had) return;
    if (!may(TRY)) return setProblem(new Problem(403, undefined, text.denied(TRY)));
    const stop = new AbortController();
    look(realm, stop.signal).then(
      setValue,
      (error: unknown) =>
        stop.signal.aborted || setProblem(error instanceof Error ? error : new Error(String(error))),
    );
    return () => stop.abort();
  }, [realm, round]);
  return { value, problem, again: () => setRound((n) => n + 1) };
}
