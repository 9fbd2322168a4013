// One realm: changing it under optimistic concurrency, and deleting it with all that is in it.
import { ask } from '../api/client';
import { save } from '../api/save';
import type { Realm } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';
import { at, href, leave } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Form } from '../kit/form';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useObjectForm } from '../kit/use_object_form';
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
    leave('/realms');
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
      <Loaded asked={asked}>{(value) => <Edit realm={value} asked={asked} />}</Loaded>
    </Page>
  );
}

function Edit({ realm, asked }: { realm: Realm; asked: Asked<Realm> }) {
  const form = useObjectForm<Realm, RealmValues>({
    object: realm,
    etag: asked.etag,
    valuesOf,
    check: checkRealm,
    save: (values, { values: before, etag }) =>
      save<Realm, RealmValues>({
        path: at`/realms/${realm.uri}`,
        before,
        mine: values,
        etag,
        valuesOf: (theirs) => valuesOf(theirs as Realm),
      }),
    saved: (answer) => {
      if (answer !== 'theirs') toast(t.saved);
      asked.again();
    },
  });
  return (
    <Form form={form} action={t.save} needs="bondy.realm.update">
      <RealmFields form={form} fixed />
    </Form>
  );
}
