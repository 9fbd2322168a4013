// The users of a realm.
import type { User } from '../api/types';
import { at, href } from '../app/router';
import { Badge } from '../kit/badge';
import { ListPage } from '../kit/list_page';
import type { Column } from '../kit/table';
import { text } from '../strings';
import { GroupBadges } from './group_badges';

const t = text.users;

export const userColumns: readonly Column<User>[] = [
  { title: t.username, cell: (user) => user.username, sort: 'name', width: '26%' },
  {
    title: t.state,
    cell: (user) =>
      user.enabled ? <Badge tone="good">{t.enabled}</Badge> : <Badge tone="bad">{t.disabled}</Badge>,
    width: '7rem',
  },
  { title: t.groups, cell: (user) => <GroupBadges groups={user.groups} /> },
  { title: t.proves, cell: (user) => provesBy(user), width: '13rem' },
];

function provesBy(user: User): string {
  const ways = [
    user.has_password && t.byPassword,
    user.authorized_keys.length > 0 && t.keysCount(user.authorized_keys.length),
    user.sso_realm_uri && t.sso,
  ].filter(Boolean);
  return ways.join(', ') || t.provesNothing;
}

export function UsersList({ realm }: { realm: string }) {
  return (
    <ListPage
      words={t}
      make={{ to: at`/realms/${realm}/new-user`, needs: 'bondy.user.add' }}
      path={at`/realms/${realm}/users`}
      columns={userColumns}
      rowKey={(user) => user.username}
      rowHref={(user) => href(at`/realms/${realm}/users/${user.username}`)}
      emptyBody={<p>{t.emptyBody}</p>}
      emptyCommand={t.emptyCommand(realm)}
    />
  );
}
