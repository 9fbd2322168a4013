// Changing a client under optimistic concurrency. One that begins to have a secret gets it said. What
// is typed stays when the client changes beside the form: when it is disabled, or its secret rotated.
import { useLayoutEffect, useState } from 'preact/hooks';
import { save } from '../api/save';
import type { Asked } from '../api/use_ask';
import { at } from '../app/router';
import { Form } from '../kit/form';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { bodyOf, checkClient, KEYS, valuesOf, type Client, type ClientValues } from './client_data';
import { ClientFields } from './client_fields';
import { sayClientSecret } from './client_secret';

const t = text.clients;

export interface ClientEditProps {
  realm: string;
  client: Client;
  asked: Asked<Client>;
}

export function ClientEdit(props: ClientEditProps) {
  const [round, setRound] = useState(0);
  return <Fields key={round} {...props} renew={() => setRound((n) => n + 1)} />;
}

const alike = (one: ClientValues, other: ClientValues) =>
  JSON.stringify(one) === JSON.stringify(other);

function Fields({ realm, client, asked, renew }: ClientEditProps & { renew: () => void }) {
  const [first] = useState(() => ({ values: valuesOf(client), etag: asked.etag }));
  // Its version counts as seen only if the fields are those that were shown.
  const current = alike(valuesOf(client), first.values);
  const form = useForm({
    initial: first.values,
    check: checkClient,
    keys: KEYS,
    submit: async (values) => {
      const saved = await save<Client, ClientValues>({
        path: at`/realms/${realm}/clients/${client.client_id}`,
        before: first.values,
        mine: values,
        etag: current ? asked.etag : first.etag,
        valuesOf: (theirs) => valuesOf(theirs as Client),
        bodyOf: (changed) => bodyOf(changed, values),
      });
      if (saved === 'edit') return 'stay';
      if (saved !== 'theirs') {
        toast(t.saved);
        const made = saved.value.client_secret;
        if (made) await sayClientSecret(client.client_id, made);
      }
      asked.again();
      return undefined;
    },
  });
  const stale = !current && !form.dirty && !form.busy;
  // At once: what is typed between this and the next frame would be lost.
  useLayoutEffect(() => {
    if (stale) renew();
  }, [stale]);
  return (
    <Form form={form} action={t.save} needs="bondy.oauth2.client.update">
      <ClientFields form={form} realm={realm} fixed />
    </Form>
  );
}
