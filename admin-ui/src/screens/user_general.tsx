// A user's groups and meta, under optimistic concurrency.
import { useState } from 'preact/hooks';
import { save } from '../api/save';
import type { User } from '../api/types';
import { at } from '../app/router';
import { Form } from '../kit/form';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import type { UserProps } from './user_edit';
import { bodyOf, checkUser, UserFields, valuesOf } from './user_form';

const t = text.users;

export function UserGeneral({ realm, asked, user }: UserProps) {
  const [initial] = useState(() => valuesOf(user));
  const form = useForm({
    initial,
    check: checkUser,
    submit: async (values) => {
      const saved = await save<User, Record<string, unknown>>({
        path: at`/realms/${realm}/users/${user.username}`,
        before: bodyOf(initial),
        mine: bodyOf(values),
        etag: asked.etag,
        valuesOf: (theirs) => bodyOf(valuesOf(theirs as User)),
      });
      if (saved === 'edit') return 'stay';
      if (saved !== 'theirs') toast(t.saved);
      asked.again();
      return undefined;
    },
  });
  return (
    <Form form={form} action={t.save} needs="bondy.user.update">
      <UserFields form={form} realm={realm} fixed />
    </Form>
  );
}
