// Opening a door: for whom, by which method, from where.
import { ask } from '../api/client';
import type { Realm } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at } from '../app/router';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { Select, TextInput } from '../kit/inputs';
import { Picker } from '../kit/picker';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { findUsers, type Find } from './user_find';

const t = text.sources;
const METHODS = [
  'password',
  'wampcra',
  'wamp-scram',
  'cryptosign',
  'ticket',
  'oauth2',
  'api_key',
  'anonymous',
  'tls',
  'trust',
  'cookie',
];

/** True when one has been added. */
export function addSource(realm: string): Promise<boolean> {
  return openDialog<boolean>((close) => <Add realm={realm} close={close} />);
}

function findWhom(realm: string): Find {
  const users = findUsers(realm);
  return async (typed, signal) => [
    ...['all', 'anonymous'].filter((name) => name.includes(typed)),
    ...(await users(typed, signal)),
  ];
}

function Add({ realm, close }: { realm: string; close: (done: boolean) => void }) {
  const { value } = useAsk<Realm>(at`/realms/${realm}`);
  const form = useForm({
    initial: { usernames: [] as string[], authmethod: 'password', cidr: '0.0.0.0/0', note: '' },
    check: ({ usernames, cidr }) => ({
      ...(usernames.length === 0 && { usernames: text.form.required(t.who) }),
      ...(usernames.length > 1 && usernames.includes('all') && { usernames: t.allAlone }),
      ...(!/^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(cidr.trim()) && { cidr: t.fromWrong }),
    }),
    submit: async ({ usernames, authmethod, cidr, note }) => {
      const body = {
        usernames: usernames.includes('all') ? 'all' : usernames,
        authmethod,
        cidr: cidr.trim(),
        ...(note && { meta: { description: note } }),
      };
      await ask(at`/realms/${realm}/sources`, { method: 'POST', body });
      toast(t.added);
      close(true);
    },
  });
  const offered = value?.authmethods;
  const closed = offered && !offered.includes(form.values.authmethod);
  return (
    <FormDialog title={t.new} form={form} action={t.add} needs="bondy.source.add" onClose={() => close(false)}>
      <Picker {...form.bind('usernames')} label={t.who} hint={t.whoHint} find={findWhom(realm)} required />
      <Select
        {...form.bind('authmethod')}
        label={t.method}
        hint={closed ? t.methodClosed : t.methodHint}
        options={METHODS.map((method) => ({ value: method, label: method }))}
      />
      <TextInput {...form.bind('cidr')} label={t.from} hint={t.fromHint} mono required />
      <TextInput {...form.bind('note')} label={t.note} />
    </FormDialog>
  );
}
