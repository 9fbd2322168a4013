// What goes with a group.
import { ask } from '../api/client';
import type { Grant, Group, User } from '../api/types';
import { at } from '../app/router';
import { Takes } from '../kit/takes';
import { text } from '../strings';

const t = text.groups;

export function GroupTakes({ realm, name }: { realm: string; name: string }) {
  const role = `group/${name}`;
  const look = () => [
    ask<User[]>(at`/realms/${realm}/users`, { query: { group: name, limit: 1 } }).then(
      ({ value, total }) => t.takesMembers(total ?? value.length),
    ),
    ask<Group[]>(at`/realms/${realm}/groups`, { query: { group: name, limit: 1 } }).then(
      ({ value, total }) => t.takesNesting(total ?? value.length),
    ),
    ask<Grant[]>(at`/realms/${realm}/grants`, { query: { filter: role } }).then(({ value }) =>
      text.users.takesGrants(value.filter(({ roles }) => roles.includes(role)).length),
    ),
  ];
  return <Takes look={look} />;
}
