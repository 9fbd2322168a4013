// Requests of a client to its issuer, as POST /try takes them; and what is in a token.
import { isObject } from '../api/problem';

export interface Token {
  access_token: string;
  token_type?: string;
  /** Seconds. */
  expires_in?: number;
  scope?: string;
}

export interface Credentials {
  id: string;
  secret: string;
  proof: string;
}

export interface FormRequest {
  method: 'POST';
  path: string;
  headers: Record<string, string>;
  body: string;
}

export function requestOf(
  path: string,
  { id, secret, proof }: Credentials,
  fields: Record<string, string>,
): FormRequest {
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = new URLSearchParams(fields);
  if (proof === 'client_secret_post') {
    form.set('client_id', id);
    form.set('client_secret', secret);
  } else {
    // Both halves are encoded as in a form (RFC 6749, 2.3.1), so they are ASCII.
    headers['authorization'] = `Basic ${btoa(`${encoded(id)}:${encoded(secret)}`)}`;
  }
  return { method: 'POST', path, headers, body: form.toString() };
}

function encoded(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice(2);
}

/** The claims of a JWT; nothing is verified here: it has just come from who signed it. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const packed = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(packed), (byte) => byte.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(claims) ? claims : {};
  } catch {
    return {};
  }
}
