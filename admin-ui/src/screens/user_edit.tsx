// One user: his groups and what is kept beside him, how he proves himself, what he may; letting him
// in or not, and deleting him.
import { ask } from '../api/client';
import type { User } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';
import { at, href, leave } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { Tabs } from '../kit/tabs';
import { toast } from '../kit/toast';
import { text } from '../strings';
import { UserAccess } from './user_access';
import { UserGeneral } from './user_general';
import { UserRights } from './user_rights';
import { UserTakes } from './user_takes';

const t = text.users;

export interface UserProps {
  realm: string;
  asked: Asked<User>;
  user: User;
}

export function UserEdit({ realm, username }: { realm: string; username: string }) {
  const path = at`/realms/${realm}/users/${username}`;
  const list = at`/realms/${realm}/users`;
  const asked = useAsk<User>(path);
  const remove = async () => {
    const done = await confirmByTyping({
      title: t.deleteTitle(username),
      name: username,
      takes: <UserTakes realm={realm} username={username} />,
      action: t.delete,
      act: () => ask(path, { method: 'DELETE' }),
    });
    if (!done) return;
    toast(t.deleted(username));
    leave(list);
  };
  return (
    <Page
      title={username}
      up={[t.title, href(list)]}
      lead={asked.value && <State user={asked.value} />}
      actions={
        <>
          {asked.value && <Enable path={path} user={asked.value} asked={asked} />}
          <Button kind="danger" needs="bondy.user.delete" onClick={() => void remove()}>
            {t.delete}
          </Button>
        </>
      }
    >
      <Loaded asked={asked}>
        {(user) => (
          <Tabs
            label={t.tabs}
            tabs={[
              {
                key: 'general',
                title: t.general,
                keep: true,
                render: () => <UserGeneral {...{ realm, asked, user }} />,
              },
              { key: 'access', title: t.access, render: () => <UserAccess {...{ realm, asked, user }} /> },
              { key: 'rights', title: t.rights, render: () => <UserRights {...{ realm, user }} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

function State({ user }: { user: User }) {
  return (
    <>
      {user.enabled ? <Badge tone="good">{t.enabled}</Badge> : <Badge tone="bad">{t.disabled}</Badge>}
      {user.aliases.length > 0 && ` ${t.aliases(user.aliases.join(', '))}`}
    </>
  );
}

function Enable({ path, user, asked }: { path: string; user: User; asked: Asked<User> }) {
  const turn = async () => {
    if (!user.enabled) {
      await ask(`${path}/enabled`, { method: 'PUT' });
      toast(t.isEnabled(user.username));
    } else {
      const done = await confirmByTyping({
        title: t.disableTitle(user.username),
        takes: <p>{t.disableTakes}</p>,
        action: t.disableNow,
        act: () => ask(`${path}/enabled`, { method: 'DELETE' }),
      });
      if (!done) return;
      toast(t.isDisabled(user.username));
    }
    asked.again();
  };
  return (
    <Button
      needs={user.enabled ? 'bondy.user.disable' : 'bondy.user.enable'}
      onClick={() => void turn().catch((error: Error) => toast(error.message, 'bad'))}
    >
      {user.enabled ? t.disable : t.enable}
    </Button>
  );
}
