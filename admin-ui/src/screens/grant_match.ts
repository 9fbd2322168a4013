// What a grant covers, by example; the rules are the server's (docs/security.md).
export type Match = 'exact' | 'prefix' | 'wildcard' | 'any';

export interface Examples {
  covers: string[];
  not: string[];
}

export const MATCHES: readonly Match[] = ['exact', 'prefix', 'wildcard', 'any'];

function ofPrefix(uri: string): Examples {
  if (uri.endsWith('.'))
    return { covers: [`${uri}get`, `${uri}orders.get`], not: [uri.slice(0, -1)] };
  return { covers: [uri, `${uri}.get`, `${uri}.orders.get`], not: [`${uri}s`] };
}

function ofWildcard(uri: string): Examples {
  const parts = uri.split('.');
  if (!parts.includes('')) return { covers: [uri], not: [`${uri}.get`] };
  const filled = (word: string) => parts.map((part) => part || word).join('.');
  return { covers: [filled('orders'), filled('users')], not: [`${filled('orders')}.more`] };
}

/** Nothing for what is no URI yet. */
export function examplesOf(match: Match, uri: string): Examples {
  if (match === 'any') return { covers: ['com.example.anything'], not: [] };
  if (uriWrong(match, uri)) return { covers: [], not: [] };
  if (match === 'prefix') return ofPrefix(uri);
  return match === 'wildcard' ? ofWildcard(uri) : { covers: [uri], not: [`${uri}.get`] };
}

/** What no URI can be; the server knows the rest. */
export function uriWrong(match: Match, uri: string): boolean {
  if (match === 'any') return false;
  if (!uri || /[\s#]/.test(uri)) return true;
  const parts = uri.split('.');
  if (match === 'wildcard') return false;
  const inner = match === 'prefix' ? parts.slice(0, -1) : parts;
  return inner.includes('') || uri === '.';
}
