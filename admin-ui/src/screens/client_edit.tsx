// Changing a client under optimistic concurrency. One that begins to have a secret gets it said.
import { save } from '../api/save';
import type { Asked } from '../api/use_ask';
import { at } from '../app/router';
import { Form } from '../kit/form';
import { toast } from '../kit/toast';
import { useObjectForm } from '../kit/use_object_form';
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

export function ClientEdit({ realm, client, asked }: ClientEditProps) {
  const form = useObjectForm<Client, ClientValues>({
    object: client,
    etag: asked.etag,
    valuesOf,
    check: checkClient,
    keys: KEYS,
    save: (values, { values: before, etag }) =>
      save<Client, ClientValues>({
        path: at`/realms/${realm}/clients/${client.client_id}`,
        before,
        mine: values,
        etag,
        valuesOf: (theirs) => valuesOf(theirs as Client),
        bodyOf: (changed) => bodyOf(changed, values),
      }),
    saved: async (answer) => {
      if (answer !== 'theirs') {
        toast(t.saved);
        const made = answer.value.client_secret;
        if (made) await sayClientSecret(client.client_id, made);
      }
      asked.again();
    },
  });
  return (
    <Form form={form} action={t.save} needs="bondy.oauth2.client.update">
      <ClientFields form={form} realm={realm} fixed />
    </Form>
  );
}
