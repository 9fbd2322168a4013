// The groups of a realm.
import { may } from '../api/session';
import type { Group } from '../api/types';
import { at, go, href } from '../app/router';
import { Copy } from '../kit/copy';
import { Empty } from '../kit/empty';
import { LinkButton } from '../kit/link_button';
import { List } from '../kit/list';
import { Page } from '../kit/page';
import { useShortcut } from '../kit/shortcuts';
import type { Column } from '../kit/table';
import { text } from '../strings';
import { GroupBadges } from './group_badges';

const t = text.groups;

const columns: readonly Column<Group>[] = [
  { title: t.name, cell: (group) => group.name, sort: 'name', width: '32%' },
  { title: t.nested, cell: (group) => <GroupBadges groups={group.groups} /> },
];

export function GroupsList({ realm }: { realm: string }) {
  const to = at`/realms/${realm}/new-group`;
  const add = (
    <LinkButton to={href(to)} kind="primary" icon="plus" needs="bondy.group.add">
      {t.new}
    </LinkButton>
  );
  useShortcut(may('bondy.group.add') ? 'n' : '', t.new, () => go(to));
  const command = t.emptyCommand(realm);
  return (
    <Page title={t.title} lead={t.lead} actions={add}>
      <List
        label={t.title}
        path={at`/realms/${realm}/groups`}
        columns={columns}
        rowKey={(group) => group.name}
        rowHref={(group) => href(at`/realms/${realm}/groups/${group.name}`)}
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
