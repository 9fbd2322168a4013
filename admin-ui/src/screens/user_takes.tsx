// What goes with a user: what the server has of his.
import { ask } from '../api/client';
import type { ApiKey, Grant, Source } from '../api/types';
import { at } from '../app/router';
import { Takes } from '../kit/takes';
import { text } from '../strings';

const t = text.users;

export function UserTakes({ realm, username }: { realm: string; username: string }) {
  const user = at`/realms/${realm}/users/${username}`;
  const look = () => [
    ask<Grant[]>(at`/realms/${realm}/grants`, { query: { filter: `user/${username}` } }).then(
      ({ value }) => t.takesGrants(value.filter(({ roles }) => roles.includes(`user/${username}`)).length),
    ),
    ask<Source[]>(`${user}/sources`).then(({ value }) =>
      t.takesSources(value.filter((source) => source.username === username).length),
    ),
    ask<ApiKey[]>(`${user}/api_keys`).then(({ value }) => t.takesKeys(value.length)),
    Promise.resolve(t.takesSessions),
  ];
  return <Takes look={look} />;
}
