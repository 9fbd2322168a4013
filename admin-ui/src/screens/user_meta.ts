// What is kept beside users, groups and sources, as JSON that is typed.
import { isObject } from '../api/problem';
import { pretty } from '../api/save';
import { text } from '../strings';

export function metaText(meta: Record<string, unknown> | undefined): string {
  return meta && Object.keys(meta).length > 0 ? pretty(meta) : '';
}

/** Of a text that checkMeta finds nothing wrong with. */
export function metaOf(typed: string): Record<string, unknown> {
  return typed.trim() ? (JSON.parse(typed) as Record<string, unknown>) : {};
}

export function checkMeta(typed: string): string | undefined {
  if (!typed.trim()) return undefined;
  try {
    return isObject(JSON.parse(typed)) ? undefined : text.users.metaWrong;
  } catch (error) {
    return `${text.users.metaWrong} ${error instanceof Error ? error.message : ''}`;
  }
}
