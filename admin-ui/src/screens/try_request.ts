// What the fields of Try it make: a request for POST /try, and the same for curl.
import type { ApiRoute } from './api_routes_of';

export interface TryRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  host?: string;
}

export interface TryFields {
  route: ApiRoute;
  params: Record<string, string>;
  query: string;
  headers: string;
  body: string;
  authorization: string | undefined;
  host: string | undefined;
}

const NAME = /[:*]([A-Za-z0-9_]+)/g;

export function namesIn(path: string): string[] {
  return [...path.matchAll(NAME)].map(([, name]) => name ?? '');
}

export function tryRequest(fields: TryFields): TryRequest {
  const { route, params, query, body, authorization, host } = fields;
  const path = route.path.replace(NAME, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const headers = headersIn(fields.headers);
  const has = (name: string) => Object.keys(headers).some((had) => had.toLowerCase() === name);
  if (authorization && !has('authorization')) headers['authorization'] = authorization;
  if (body && !has('content-type')) headers['content-type'] = 'application/json';
  return {
    method: route.method,
    path: path + (query ? `?${query.replace(/^\?/, '')}` : ''),
    headers,
    ...(body && { body }),
    ...(host && host !== '_' && { host }),
  };
}

function headersIn(lines: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return headers;
}
