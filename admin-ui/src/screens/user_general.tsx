// A user's groups and meta, under optimistic concurrency.
import { save } from '../api/save';
import type { User } from '../api/types';
import { at } from '../app/router';
import { Form } from '../kit/form';
import { toast } from '../kit/toast';
import { useObjectForm } from '../kit/use_object_form';
import { text } from '../strings';
import type { UserProps } from './user_edit';
import { bodyOf, checkUser, UserFields, valuesOf, type UserValues } from './user_form';

const t = text.users;

export function UserGeneral({ realm, asked, user }: UserProps) {
  const form = useObjectForm<User, UserValues>({
    object: user,
    etag: asked.etag,
    valuesOf,
    check: checkUser,
    save: (values, { values: before, etag }) =>
      save<User, Record<string, unknown>>({
        path: at`/realms/${realm}/users/${user.username}`,
        before: bodyOf(before),
        mine: bodyOf(values),
        etag,
        valuesOf: (theirs) => bodyOf(valuesOf(theirs as User)),
      }),
    saved: (answer) => {
      if (answer !== 'theirs') toast(t.saved);
      asked.again();
    },
  });
  return (
    <Form form={form} action={t.save} needs="bondy.user.update">
      <UserFields form={form} realm={realm} fixed />
    </Form>
  );
}
