// The OAuth2 clients of a realm.
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
  const to = at`/realms/${realm}/new-client`;
  const add = (
    <LinkButton to={href(to)} kind="primary" icon="plus" needs="bondy.oauth2.client.add">
      {t.new}
    </LinkButton>
  );
  useShortcut('n', t.new, () => go(to));
  const command = t.emptyCommand(realm);
  return (
    <Page title={t.title} lead={t.lead} actions={add}>
      <List
        label={t.title}
        path={at`/realms/${realm}/clients`}
        columns={columns}
        rowKey={(client) => client.client_id}
        rowHref={(client) => href(at`/realms/${realm}/clients/${client.client_id}`)}
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
