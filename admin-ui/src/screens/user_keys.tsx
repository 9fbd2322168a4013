// The public keys by which a user logs in with cryptosign.
import { save } from '../api/save';
import type { User } from '../api/types';
import { at } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { TextInput } from '../kit/inputs';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import type { UserProps } from './user_edit';

const t = text.users;

/** Otherwise than done when somebody else was faster: his keys are taken, or looked at first. */
type Outcome = 'done' | 'theirs' | 'edit';

async function put({ realm, user, asked }: UserProps, authorized_keys: string[]): Promise<Outcome> {
  const saved = await save<User, Pick<User, 'authorized_keys'>>({
    path: at`/realms/${realm}/users/${user.username}`,
    before: { authorized_keys: user.authorized_keys },
    mine: { authorized_keys },
    etag: asked.etag,
    valuesOf: (theirs) => ({ authorized_keys: (theirs as User).authorized_keys }),
  });
  return typeof saved === 'string' ? saved : 'done';
}

export function UserKeys(props: UserProps) {
  const { user, asked } = props;
  const keys = user.authorized_keys;
  const add = async () => {
    if (await openDialog<boolean>((close) => <AddKey {...props} close={close} />)) asked.again();
  };
  const remove = async (key: string) => {
    let outcome: Outcome = 'edit';
    const done = await confirmByTyping({
      title: t.keyDeleteTitle,
      takes: (
        <>
          <p>{t.keyDeleteTakes(user.username)}</p>
          <code class="wrap">{key}</code>
        </>
      ),
      action: t.keyDelete,
      act: async () => {
        outcome = await put(props, keys.filter((other) => other !== key));
      },
    });
    if (!done) return;
    if ((outcome as Outcome) === 'done') toast(t.keyDeleted);
    asked.again();
  };
  return (
    <section class="panel">
      <header>
        <h2>{t.keys}</h2>
        <Button icon="plus" needs="bondy.user.update" onClick={() => void add()}>
          {t.keyAdd}
        </Button>
      </header>
      {keys.length === 0 && <p class="muted">{t.keysNone}</p>}
      <ul class="rows">
        {keys.map((key) => (
          <li key={key}>
            <code class="wrap">{key}</code>
            <Button
              kind="quiet"
              icon="close"
              needs="bondy.user.update"
              label={t.keyDeleteOf(key.slice(0, 8))}
              onClick={() => void remove(key)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function AddKey(props: UserProps & { close: (done: boolean) => void }) {
  const { user, close } = props;
  const form = useForm({
    initial: { authorized_keys: '' },
    check: ({ authorized_keys: key }) => {
      if (!/^[0-9a-fA-F]{64}$/.test(key.trim())) return { authorized_keys: t.keyRule };
      return user.authorized_keys.includes(key.trim().toLowerCase()) ? { authorized_keys: t.keyThere } : {};
    },
    submit: async ({ authorized_keys: key }) => {
      const outcome = await put(props, [...user.authorized_keys, key.trim().toLowerCase()]);
      if (outcome === 'edit') return 'stay';
      if (outcome === 'done') toast(t.keyAdded);
      close(true);
      return undefined;
    },
  });
  return (
    <FormDialog
      title={t.keyAdd}
      form={form}
      action={t.keyAdd}
      needs="bondy.user.update"
      onClose={() => close(false)}
    >
      <TextInput {...form.bind('authorized_keys')} label={t.key} hint={t.keyRule} mono required />
    </FormDialog>
  );
}
