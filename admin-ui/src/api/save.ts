// Writing under optimistic concurrency: when somebody else has changed the object meanwhile, the
// user sees both and decides; nothing is overwritten unseen.
import { ask, type Answer } from './client';
import { Problem } from './problem';
import { askAboutConflict } from '../kit/conflict';

export interface Guarded<T> {
  /** What ours was made from. */
  etag: string | undefined;
  send: (etag: string | undefined) => Promise<Answer<T>>;
  /** What is there now, to be laid beside ours. */
  look: () => Promise<{ theirs: string; etag: string | undefined }>;
  mine: () => string | Promise<string>;
}

/** The answer, or 'theirs' when the user takes what is there, or 'edit' when he goes on editing. */
export async function guarded<T>(what: Guarded<T>): Promise<Answer<T> | 'theirs' | 'edit'> {
  let etag = what.etag;
  for (;;) {
    try {
      return await what.send(etag);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const now = await what.look();
      const choice = await askAboutConflict(now.theirs, await what.mine());
      if (choice !== 'overwrite') return choice;
      etag = now.etag;
    }
  }
}

export interface Save<V> {
  path: string;
  /** The fields as they were shown at first, and as they are now; what is alike is not sent. */
  before: V;
  mine: V;
  etag: string | undefined;
  /** The fields that an object of the server makes. */
  valuesOf: (theirs: unknown) => V;
  /** The members that some of the fields are sent as; else they are called as the fields are. */
  bodyOf?: (changed: Partial<V>) => Record<string, unknown>;
}

export function changed<V extends object>(before: V, now: V): Partial<V> {
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(before[name as keyof V]);
  return Object.fromEntries(Object.entries(now).filter(differs)) as Partial<V>;
}

/** guarded() for what is changed by PUT. */
export function save<T, V extends object>(what: Save<V>): ReturnType<typeof guarded<T>> {
  const { path, before, mine, etag, valuesOf, bodyOf = (fields) => ({ ...fields }) } = what;
  const body = bodyOf(changed(before, mine));
  return guarded<T>({
    etag,
    send: (tag) => ask<T>(path, { method: 'PUT', body, etag: tag }),
    look: async () => {
      const now = await ask<unknown>(path);
      return { theirs: pretty(valuesOf(now.value)), etag: now.etag };
    },
    mine: () => pretty(mine),
  });
}

/** JSON with sorted keys, for comparing. */
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
