// Making a user.
import { ask } from '../api/client';
import { at, go, href } from '../app/router';
import { Form } from '../kit/form';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { bodyOf, checkUser, newUser, UserFields } from './user_form';
import type { User } from '../api/types';

const t = text.users;

export function UserNew({ realm }: { realm: string }) {
  const list = at`/realms/${realm}/users`;
  const form = useForm({
    initial: newUser,
    check: checkUser,
    submit: async (values) => {
      const { username, password } = values;
      const body = { username, ...bodyOf(values), ...(password && { password }) };
      const { value } = await ask<User>(list, { method: 'POST', body });
      toast(t.created(value.username));
      go(at`/realms/${realm}/users/${value.username}`);
    },
  });
  return (
    <Page title={t.new} up={[t.title, href(list)]} lead={t.newLead(realm)}>
      <Form form={form} action={t.create} needs="bondy.user.add" cancel={href(list)}>
        <UserFields form={form} realm={realm} />
      </Form>
    </Page>
  );
}
