// All realms.
import type { Realm } from '../api/types';
import { at, href } from '../app/router';
import { Badge } from '../kit/badge';
import { ListPage } from '../kit/list_page';
import type { Column } from '../kit/table';
import { text } from '../strings';

const t = text.realms;

function kindOf(realm: Realm): string {
  if (realm.is_prototype) return t.kindPrototype;
  return realm.is_sso_realm ? t.kindSso : t.kindPlain;
}

const columns: readonly Column<Realm>[] = [
  { title: t.uri, cell: (realm) => realm.uri, sort: 'name', mono: true, width: '26%' },
  { title: t.description, cell: (realm) => realm.description ?? '' },
  { title: t.kind, cell: (realm) => kindOf(realm), width: '9rem' },
  {
    title: t.security,
    cell: (realm) =>
      realm.security_status === 'enabled' ? (
        <Badge tone="good">{t.securityIsOn}</Badge>
      ) : (
        <Badge tone="warn">{t.securityOff}</Badge>
      ),
    width: '7rem',
  },
  { title: t.methods, cell: (realm) => (realm.authmethods ?? [t.defaults]).join(', '), width: '30%' },
];

export function RealmsList() {
  return (
    <ListPage
      words={t}
      make={{ to: '/new/realm', needs: 'bondy.realm.create' }}
      path="/realms"
      columns={columns}
      rowKey={(realm) => realm.uri}
      rowHref={(realm) => href(at`/realms/${realm.uri}`)}
      emptyBody={<p>{t.emptyBody}</p>}
      emptyCommand={t.emptyCommand}
    />
  );
}
