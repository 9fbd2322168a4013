// A new password for a user.
import { ask } from '../api/client';
import { at } from '../app/router';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { TextInput } from '../kit/inputs';
import { toast } from '../kit/toast';
import { useForm, type Errors } from '../kit/use_form';
import { text } from '../strings';
import { passwordWrong } from './user_form';

const t = text.users;

interface Values {
  new_password: string;
  again: string;
}

function check({ new_password, again }: Values): Errors<Values> {
  const wrong = passwordWrong(new_password);
  return {
    ...(wrong && { new_password: wrong }),
    ...(again !== new_password && { again: t.passwordDiffers }),
  };
}

/** True when it has been changed. */
export function changePassword(realm: string, username: string): Promise<boolean> {
  return openDialog<boolean>((close) => <Password {...{ realm, username, close }} />);
}

interface Props {
  realm: string;
  username: string;
  close: (done: boolean) => void;
}

function Password({ realm, username, close }: Props) {
  const form = useForm<Values>({
    initial: { new_password: '', again: '' },
    check,
    submit: async ({ new_password }) => {
      const path = at`/realms/${realm}/users/${username}/change_password`;
      await ask(path, { method: 'POST', body: { new_password } });
      toast(t.passwordChanged(username));
      close(true);
    },
  });
  const common = { type: 'password', autocomplete: 'new-password', required: true } as const;
  return (
    <FormDialog
      title={t.passwordTitle(username)}
      form={form}
      action={t.passwordChange}
      needs="bondy.user.change_password"
      onClose={() => close(false)}
    >
      <TextInput {...form.bind('new_password')} {...common} label={t.passwordNew} hint={t.passwordRule} />
      <TextInput {...form.bind('again')} {...common} label={t.passwordAgain} />
      <p class="muted">{t.passwordEnds}</p>
    </FormDialog>
  );
}
