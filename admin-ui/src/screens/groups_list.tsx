// The groups of a realm.
import type { Group } from '../api/types';
import { at, href } from '../app/router';
import { ListPage } from '../kit/list_page';
import type { Column } from '../kit/table';
import { text } from '../strings';
import { GroupBadges } from './group_badges';

const t = text.groups;

const columns: readonly Column<Group>[] = [
  { title: t.name, cell: (group) => group.name, sort: 'name', width: '32%' },
  { title: t.nested, cell: (group) => <GroupBadges groups={group.groups} /> },
];

export function GroupsList({ realm }: { realm: string }) {
  return (
    <ListPage
      words={t}
      make={{ to: at`/realms/${realm}/new-group`, needs: 'bondy.group.add' }}
      path={at`/realms/${realm}/groups`}
      columns={columns}
      rowKey={(group) => group.name}
      rowHref={(group) => href(at`/realms/${realm}/groups/${group.name}`)}
      emptyBody={<p>{t.emptyBody}</p>}
      emptyCommand={t.emptyCommand(realm)}
    />
  );
}
