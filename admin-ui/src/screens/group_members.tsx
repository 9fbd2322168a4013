// Who is in a group: users, in pages, and groups that it is nested in.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import type { Group, User } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, href } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { openDialog } from '../kit/dialog';
import { Empty } from '../kit/empty';
import { FormDialog } from '../kit/form_dialog';
import { List } from '../kit/list';
import { Picker } from '../kit/picker';
import type { Column } from '../kit/table';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { findUsers } from './user_find';
import { userColumns } from './users_list';

const t = text.groups;

interface Props {
  realm: string;
  name: string;
}

export function GroupMembers({ realm, name }: Props) {
  const [round, setRound] = useState(0);
  const nestedIn = useAsk<Group[]>(`${at`/realms/${realm}/groups`}?group=${encodeURIComponent(name)}`);
  const again = () => setRound((n) => n + 1);
  const add = async () => {
    // Also when it was refused for some: the others are in.
    await openDialog<void>((close) => <Add {...{ realm, name, close }} />);
    again();
  };
  const remove = async (user: User) => {
    const done = await confirmByTyping({
      title: t.removeTitle(user.username, name),
      takes: <p>{t.removeTakes}</p>,
      action: t.remove,
      act: () => ask(at`/realms/${realm}/users/${user.username}/groups/${name}`, { method: 'DELETE' }),
    });
    if (!done) return;
    toast(t.removed(user.username));
    again();
  };
  const columns: readonly Column<User>[] = [
    ...userColumns.slice(0, 3),
    {
      title: t.actions,
      cell: (user) => (
        <Button needs="bondy.user.remove_group" onClick={() => void remove(user)}>
          {t.removeDots}
          <span class="sr-only"> {user.username}</span>
        </Button>
      ),
      width: '9rem',
    },
  ];
  const button = (
    <Button icon="plus" needs="bondy.user.add_group" onClick={() => void add()}>
      {t.add}
    </Button>
  );
  const outer = nestedIn.value ?? [];
  return (
    <div class="sections">
      <div>
        <div class="toolbar">{button}</div>
        <List
          key={round}
          label={t.members}
          path={at`/realms/${realm}/users`}
          query={{ group: name }}
          columns={columns}
          rowKey={(user) => user.username}
          rowHref={(user) => href(at`/realms/${realm}/users/${user.username}`)}
          empty={
            <Empty title={t.noMembers}>
              <p>{t.noMembersBody}</p>
            </Empty>
          }
        />
      </div>
      {outer.length > 0 && (
        <section class="panel">
          <h2>{t.nestedIn}</h2>
          <p class="muted">{t.nestedInBody}</p>
          <ul class="rows">
            {outer.map((group) => (
              <li key={group.name}>
                <a href={href(at`/realms/${realm}/groups/${group.name}`)}>{group.name}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Add({ realm, name, close }: Props & { close: () => void }) {
  const form = useForm({
    initial: { users: [] as string[] },
    check: ({ users }) => (users.length === 0 ? { users: text.form.required(t.users) } : {}),
    submit: async ({ users }) => {
      for (const user of users)
        await ask(at`/realms/${realm}/users/${user}/groups/${name}`, { method: 'PUT' });
      toast(t.added(users.length));
      close();
    },
  });
  return (
    <FormDialog
      title={t.addTitle(name)}
      form={form}
      action={t.add}
      needs="bondy.user.add_group"
      onClose={close}
    >
      <Picker {...form.bind('users')} label={t.users} hint={t.addHint} find={findUsers(realm)} required />
    </FormDialog>
  );
}
