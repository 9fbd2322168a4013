// Saving under optimistic concurrency: when somebody else has changed the object meanwhile, the
// user sees both and decides; nothing is overwritten unseen.
import { ask, type Answer } from './client';
import { Problem } from './problem';
import { askAboutConflict } from '../kit/conflict';

export interface Save {
  path: string;
  mine: unknown;
  etag: string | undefined;
  /** The part of the present object that compares with mine. */
  comparable(theirs: unknown): unknown;
}

/** The answer, or 'theirs' when the user takes what is there, or 'edit' when he goes on editing. */
export async function save<T>(what: Save): Promise<Answer<T> | 'theirs' | 'edit'> {
  let etag = what.etag;
  for (;;) {
    try {
      return await ask<T>(what.path, { method: 'PUT', body: what.mine, etag });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const now = await ask<unknown>(what.path);
      const choice = await askAboutConflict(
        pretty(what.comparable(now.value)),
        pretty(what.mine),
      );
      if (choice !== 'overwrite') return choice;
      etag = now.etag;
    }
  }
}

export function pretty(value: unknown): string {
  return JSON.stringify(sorted(value), null, 2);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
