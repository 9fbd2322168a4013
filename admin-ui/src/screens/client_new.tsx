// Making a client: first what it is for, which fills the form; then the form, all of which can be
// changed; then its secret, which is said this once.
import { ask } from '../api/client';
import { at, go, href, usePlace } from '../app/router';
import { Form } from '../kit/form';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import {
  blankClient,
  bodyOf,
  checkClient,
  KEYS,
  PURPOSES,
  type Client,
  type Purpose,
} from './client_data';
import { ClientFields } from './client_fields';
import { sayClientSecret } from './client_secret';

const t = text.clients;
const names = Object.keys(PURPOSES) as Purpose[];

export function ClientNew({ realm }: { realm: string }) {
  const { query } = usePlace();
  const purpose = names.find((name) => name === query.get('for'));
  return (
    <Page
      title={t.new}
      up={[t.title, href(at`/realms/${realm}/clients`)]}
      lead={purpose ? undefined : t.newLead}
    >
      {purpose ? <Making key={purpose} realm={realm} purpose={purpose} /> : <Purposes realm={realm} />}
    </Page>
  );
}

function Purposes({ realm }: { realm: string }) {
  return (
    <ul class="purposes">
      {names.map((name) => (
        <li key={name}>
          <a href={href(at`/realms/${realm}/new-client`, { for: name })}>
            <strong>{t.purposes[name].title}</strong>
            <span>{t.purposes[name].body}</span>
            <span class="muted">{t.purposes[name].gets}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Making({ realm, purpose }: { realm: string; purpose: Purpose }) {
  const path = at`/realms/${realm}/clients`;
  const form = useForm({
    initial: { ...blankClient, ...PURPOSES[purpose] },
    check: checkClient,
    keys: KEYS,
    submit: async (values) => {
      const body = bodyOf(values, values);
      for (const [name, value] of Object.entries(body)) if (value === null) delete body[name];
      const { value } = await ask<Client>(path, { method: 'POST', body });
      toast(t.created(value.client_id));
      if (value.client_secret) await sayClientSecret(value.client_id, value.client_secret);
      go(at`/realms/${realm}/clients/${value.client_id}`);
    },
  });
  return (
    <>
      <p class="chosen">
        <span>
          {t.for} <strong>{t.purposes[purpose].title}</strong>
        </span>
        <a href={href(at`/realms/${realm}/new-client`)}>{t.forOther}</a>
      </p>
      <Form form={form} action={t.create} needs="bondy.oauth2.client.add" cancel={href(path)}>
        <ClientFields form={form} realm={realm} />
      </Form>
    </>
  );
}
