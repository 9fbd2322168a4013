// One realm: changing it under optimistic concurrency, and deleting it with all that is in it.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { save } from '../api/save';
import type { Realm } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';
import { at, go, href } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Form } from '../kit/form';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { checkRealm, RealmFields, valuesOf, type RealmValues } from './realm_form';
import { RealmTakes } from './realm_takes';

const t = text.realms;
const MASTER = 'com.leapsight.bondy';

export function RealmEdit({ realm }: { realm: string }) {
  const asked = useAsk<Realm>(at`/realms/${realm}`);
  const remove = async () => {
    const done = await confirmByTyping({
      title: t.deleteTitle(realm),
      name: realm,
      takes: <RealmTakes realm={realm} />,
      action: t.delete,
      act: () => ask(at`/realms/${realm}`, { method: 'DELETE', query: { force: 'true' } }),
    });
    if (!done) return;
    toast(t.deleted(realm));
    go('/realms');
  };
  return (
    <Page
      title={realm}
      up={[t.title, href('/realms')]}
      actions={
        <Button
          kind="danger"
          needs="bondy.realm.delete"
          off={realm === MASTER ? t.master : undefined}
          onClick={() => void remove()}
        >
          {t.delete}
        </Button>
      }
    >
      <Loaded asked={asked}>{(value) => <Edit key={asked.etag} realm={value} asked={asked} />}</Loaded>
    </Page>
  );
}

function Edit({ realm, asked }: { realm: Realm; asked: Asked<Realm> }) {
  const path = at`/realms/${realm.uri}`;
  const [initial] = useState(() => valuesOf(realm));
  const form = useForm({
    initial,
    check: checkRealm,
    submit: async (values) => {
      const saved = await save<Realm, RealmValues>({
        path,
        before: initial,
        mine: values,
        etag: asked.etag,
        valuesOf: (theirs) => valuesOf(theirs as Realm),
      });
      if (saved === 'edit') return 'stay';
      if (saved !== 'theirs') toast(t.saved);
      asked.again();
      return undefined;
    },
  });
  return (
    <Form form={form} action={t.save} needs="bondy.realm.update">
      <RealmFields form={form} fixed />
    </Form>
  );
}
