// The OAuth2 clients of a realm.
import { at, href } from '../app/router';
import { Badge } from '../kit/badge';
import { ListPage } from '../kit/list_page';
import type { Column } from '../kit/table';
import { text } from '../strings';
import type { Client } from './client_data';

const t = text.clients;

export function ClientState({ client }: { client: Client }) {
  return (
    <span class="badges">
      {client.type === 'public' ? (
        <Badge>{t.public}</Badge>
      ) : (
        <Badge tone="accent">{t.confidential}</Badge>
      )}{' '}
      {!client.enabled && <Badge tone="bad">{t.disabled}</Badge>}
    </span>
  );
}

const columns: readonly Column<Client>[] = [
  { title: t.id, cell: (client) => client.client_id, sort: 'name', mono: true, width: '28%' },
  { title: t.name, cell: (client) => client.name ?? '', width: '24%' },
  { title: t.state, cell: (client) => <ClientState client={client} />, width: '13rem' },
  {
    title: t.grants,
    cell: (client) => client.grant_types.map((grant) => t.grantShort[grant] ?? grant).join(', '),
  },
];

export function ClientsList({ realm }: { realm: string }) {
  return (
    <ListPage
      words={t}
      make={{ to: at`/realms/${realm}/new-client`, needs: 'bondy.oauth2.client.add' }}
      path={at`/realms/${realm}/clients`}
      columns={columns}
      rowKey={(client) => client.client_id}
      rowHref={(client) => href(at`/realms/${realm}/clients/${client.client_id}`)}
      emptyBody={<p>{t.emptyBody}</p>}
      emptyCommand={t.emptyCommand(realm)}
    />
  );
}
