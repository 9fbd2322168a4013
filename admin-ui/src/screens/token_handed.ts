// A token that was taken here, on its way to the Try it screen of an API. It is in memory alone, for
// that API, and for the session in which it was taken.
import { session } from '../api/session';

let handed: { api: string; token: string; by: unknown } | undefined;

export function handToken(api: string, token: string): void {
  handed = { api, token, by: session.get() };
}

export function handedToken(api: string): string | undefined {
  return handed?.api === api && handed.by === session.get() ? handed.token : undefined;
}

export function forgetToken(token: string): void {
  if (handed?.token === token) handed = undefined;
}
