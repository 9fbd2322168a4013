// What a publication does to the routes, read from the server's difference, and what of it may
// break a caller.
import type { SpecChange } from '../api/types';

export interface Change {
  kind: SpecChange['change'];
  /** What it is about: "GET /shop/:id", or the pointer where it is no route. */
  what: string;
  isRoute: boolean;
  breaks: boolean;
  before: string;
  after: string;
}

const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options']);

export function changesOf(diff: readonly SpecChange[]): Change[] {
  return diff.flatMap((change) => one(change));
}

function one({ pointer, change, before, after }: SpecChange): Change[] {
  const parts = pointer.split('/').slice(1).map(decoded);
  const made = (what: string, isRoute: boolean): Change => ({
    kind: change,
    what,
    isRoute,
    breaks: breaks(parts, change),
    before: shown(before),
    after: shown(after),
  });
  const [top, version = '', section, path = '', method = '', ...rest] = parts;
  if (top !== 'versions' || section !== 'paths' || !path) return [made(pointer || '/', false)];
  if (METHODS.has(method)) {
    const where = rest.length > 0 ? ` · ${rest.join(' / ')}` : '';
    return [made(`${method.toUpperCase()} ${path} (${version})${where}`, true)];
  }
  // A whole path: its methods are the routes.
  const value = change === 'removed' ? before : after;
  const methods = Object.keys(typeof value === 'object' && value !== null ? value : {});
  const routes = methods.filter((name) => METHODS.has(name));
  if (method || routes.length === 0) return [made(pointer, false)];
  return routes.map((name) => made(`${name.toUpperCase()} ${path} (${version})`, true));
}

/** Who called it yesterday may be refused tomorrow. */
function breaks(parts: readonly string[], change: SpecChange['change']): boolean {
  const [top, , section, path, method] = parts;
  if (top === 'host' || top === 'realm_uri') return change !== 'added';
  if (top !== 'versions') return false;
  if (section === 'base_path') return true;
  if (change === 'removed')
    return parts.length === 2 || (section === 'paths' && (!method || METHODS.has(method)));
  return section === 'paths' && Boolean(path) && parts.includes('security');
}

function decoded(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : JSON.stringify(value ?? '');
}
