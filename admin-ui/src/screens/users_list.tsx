// The users of a realm.
import { may } from '../api/session';
import type { User } from '../api/types';
import { at, go, href } from '../app/router';
import { Badge } from '../kit/badge';
import { Copy } from '../kit/copy';
import { Empty } from '../kit/empty';
import { LinkButton } from '../kit/link_button';
import { List } from '../kit/list';
import { Page } from '../kit/page';
import { useShortcut } from '../kit/shortcuts';
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
  const to = at`/realms/${realm}/new-user`;
  const add = (
    <LinkButton to={href(to)} kind="primary" icon="plus" needs="bondy.user.add">
      {t.new}
    </LinkButton>
  );
  useShortcut(may('bondy.user.add') ? 'n' : '', t.new, () => go(to));
  const command = t.emptyCommand(realm);
  return (
    <Page title={t.title} lead={t.lead} actions={add}>
      <List
        label={t.title}
        path={at`/realms/${realm}/users`}
        columns={userColumns}
        rowKey={(user) => user.username}
        rowHref={(user) => href(at`/realms/${realm}/users/${user.username}`)}
        empty={
          <Empty title={t.empty} action={add}>
            <p>{t.emptyBody}</p>
            <p class="command">
              <code>{command}</code>
              <Copy value={command} />
            </p>
          </Empty>
        }
      />
    </Page>
  );
}
