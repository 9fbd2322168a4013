// Names that pickers offer, as the server finds them.
import { ask } from '../api/client';
import type { Group, User } from '../api/types';
import { at } from '../app/router';

const SHOWN = 8;

export type Find = (typed: string, signal: AbortSignal) => Promise<string[]>;

export function findGroups(realm: string): Find {
  return async (filter, signal) => {
    const { value } = await ask<Group[]>(at`/realms/${realm}/groups`, {
      query: { filter, limit: SHOWN },
      signal,
    });
    return value.map(({ name }) => name);
  };
}

export function findUsers(realm: string): Find {
  return async (filter, signal) => {
    const { value } = await ask<User[]>(at`/realms/${realm}/users`, {
      query: { filter, limit: SHOWN },
      signal,
    });
    return value.map(({ username }) => username);
  };
}

/** Roles as grants name them: "group/x", "user/x" and the given ones of nobody in particular. */
export function findRoles(realm: string, anybody: readonly string[]): Find {
  return async (typed, signal) => {
    const wanted = typed.replace(/^(user|group)\//, '').trim();
    const none = () => [];
    const [groups, users] = await Promise.all([
      typed.startsWith('user/') ? [] : findGroups(realm)(wanted, signal).catch(none),
      typed.startsWith('group/') ? [] : findUsers(realm)(wanted, signal).catch(none),
    ]);
    return [
      ...anybody.filter((name) => name.includes(wanted)),
      ...groups.map((name) => `group/${name}`),
      ...users.map((name) => `user/${name}`),
    ];
  };
}
