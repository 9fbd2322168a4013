// One client: what it may, its secrets, how it is called, a token for it; letting it in or not,
// ending its tokens, and deleting it.
import { ask } from '../api/client';
import type { Grant, Source } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, href, leave } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { Tabs } from '../kit/tabs';
import { Takes } from '../kit/takes';
import { toast } from '../kit/toast';
import { text } from '../strings';
import type { Client } from './client_data';
import { ClientEdit } from './client_edit';
import { endTokens } from './client_revoke';
import { ClientSecrets } from './client_secret';
import { ClientUse } from './client_use';
import { ClientState } from './clients_list';
import { TokenTake } from './token_take';

const t = text.clients;

export function ClientDetail({ realm, id }: { realm: string; id: string }) {
  const path = at`/realms/${realm}/clients/${id}`;
  const list = at`/realms/${realm}/clients`;
  const asked = useAsk<Client>(path);
  const { value: client, again } = asked;
  const remove = async () => {
    const done = await confirmByTyping({
      title: t.deleteTitle(id),
      name: id,
      takes: <Takes look={() => whatGoes(realm, id)} />,
      action: t.delete,
      act: () => ask(path, { method: 'DELETE' }),
    });
    if (!done) return;
    toast(t.deleted(id));
    leave(list);
  };
  return (
    <Page
      title={client?.name || id}
      up={[t.title, href(list)]}
      lead={
        client && (
          <span class="badges">
            {client.name && <span class="mono">{id}</span>}
            <ClientState client={client} />
          </span>
        )
      }
      actions={
        client && (
          <>
            <Enable path={path} client={client} again={again} />
            <Button
              needs="bondy.oauth2.token.revoke_all"
              onClick={() => void endTokens(realm, client)}
            >
              {t.endTokens}
            </Button>
            <Button kind="danger" needs="bondy.oauth2.client.delete" onClick={() => void remove()}>
              {t.delete}
            </Button>
          </>
        )
      }
    >
      <Loaded asked={asked}>
        {(there) => (
          <Tabs
            label={t.tabs}
            tabs={[
              {
                key: 'settings',
                title: t.settings,
                keep: true,
                render: () => <ClientEdit {...{ realm, asked }} client={there} />,
              },
              {
                key: 'secrets',
                title: t.secrets,
                render: () => <ClientSecrets {...{ realm, again }} client={there} />,
              },
              { key: 'use', title: t.use, render: () => <ClientUse realm={realm} client={there} /> },
              {
                key: 'token',
                title: t.token,
                keep: true,
                render: () => <TokenTake realm={realm} client={there} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

function whatGoes(realm: string, id: string): Promise<string>[] {
  // Both lists have what counts for it as well; what is its own names it.
  const count = async <T,>(path: string, own: (row: T) => boolean, say: (n: number) => string) => {
    const { value } = await ask<T[]>(path);
    const n = value.filter(own).length;
    return n > 0 ? say(n) : '';
  };
  const ownGrant = (grant: Grant) => grant.roles.includes(`user/${id}`);
  return [
    Promise.resolve(t.takesTokens),
    Promise.resolve(t.takesSecrets),
    count<Grant>(at`/realms/${realm}/users/${id}/grants`, ownGrant, t.takesGrants),
    count<Source>(at`/realms/${realm}/users/${id}/sources`, (row) => row.username === id, t.takesSources),
  ];
}

function Enable({ path, client, again }: { path: string; client: Client; again: () => void }) {
  const { client_id: id, enabled } = client;
  const put = () => ask(path, { method: 'PUT', body: { enabled: !enabled } });
  const turn = async () => {
    if (!enabled) {
      await put();
      toast(t.isEnabled(id));
    } else {
      const done = await confirmByTyping({
        title: t.disableTitle(id),
        takes: <p>{t.disableTakes}</p>,
        action: t.disable,
        act: put,
      });
      if (!done) return;
      toast(t.isDisabled(id));
    }
    again();
  };
  return (
    <Button
      needs="bondy.oauth2.client.update"
      onClick={() => void turn().catch((error: Error) => toast(error.message, 'bad'))}
    >
      {enabled ? t.disable : t.enable}
    </Button>
  );
}
