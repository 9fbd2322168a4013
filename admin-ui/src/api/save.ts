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

export interface Save {
  path: string;
  mine: unknown;
  etag: string | undefined;
  /** The part of the present object that compares with mine. */
  comparable: (theirs: unknown) => unknown;
}

/** guarded() for what is changed by PUT. */
export function save<T>({ path, mine, etag, comparable }: Save): ReturnType<typeof guarded<T>> {
  return guarded<T>({
    etag,
    send: (tag) => ask<T>(path, { method: 'PUT', body: mine, etag: tag }),
    look: async () => {
      const now = await ask<unknown>(path);
      return { theirs: pretty(comparable(now.value)), etag: now.etag };
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
