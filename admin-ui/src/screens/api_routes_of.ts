// The routes that a specification has, for tables and for Try it.
import { isObject } from '../api/problem';
import type { Spec } from '../api/types';

export interface ApiRoute {
  version: string;
  method: string;
  /** With the base path, and ":names" where something is put in. */
  path: string;
  summary: string;
  kind: string;
  /** The procedure, topic or URL. */
  target: string;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

export function routesOf(spec: Spec): ApiRoute[] {
  const routes: ApiRoute[] = [];
  for (const [version, part] of Object.entries(spec.versions ?? {})) {
    const base = (part.base_path ?? '').replace(/\/$/, '');
    for (const [path, operations] of Object.entries(part.paths ?? {}))
      for (const method of METHODS) {
        const operation = operations[method];
        if (operation === undefined) continue;
        routes.push({ version, method: method.toUpperCase(), path: base + path, summary: said(operations['summary']), ...actionOf(operation) });
      }
  }
  return routes;
}

function actionOf(operation: unknown): { kind: string; target: string } {
  const action = isObject(operation) ? operation['action'] : undefined;
  if (!isObject(action)) return { kind: '', target: '' };
  const target = said(action['procedure']) || said(action['topic']) || said(action['host']);
  return { kind: said(action['type']), target };
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
